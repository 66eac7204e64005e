// The series of a page in prometheus-cpp's registry: registry PAGE-FILE reads them, and then prints
// for each line of input the seconds that collecting and serializing took, without any network.
#include <chrono>
#include <fstream>
#include <iostream>
#include <map>
#include <regex>
#include <string>

#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace {

prometheus::Labels labels_of(const std::string& text) {
  static const std::regex kLabel(R"re((\w+)="((?:[^"\\]|\\.)*)")re");
  prometheus::Labels labels;
  for (std::sregex_iterator label(text.begin(), text.end(), kLabel), end; label != end; ++label)
    labels.emplace((*label)[1], (*label)[2]);
  return labels;
}

void fill(prometheus::Registry& registry, std::istream& page) {
  std::map<std::string, std::string> help;
  std::map<std::string, prometheus::Family<prometheus::Gauge>*> families;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("# HELP ")) {
      const auto end = line.find(' ', 7);
      help[line.substr(7, end - 7)] = line.substr(end + 1);
    }
    if (line.starts_with("#")) continue;
    const auto open = line.find('{');
    const auto close = line.rfind("} ");
    const std::string name = line.substr(0, open);
    auto& family = families[name];
    if (family == nullptr)
      family = &prometheus::BuildGauge().Name(name).Help(help[name]).Register(registry);
    family->Add(labels_of(line.substr(open, close - open))).Set(std::stod(line.substr(close + 2)));
  }
}

}  // namespace

int main(int, char** arguments) {
  prometheus::Registry registry;
  std::ifstream page(arguments[1]);
  fill(registry, page);
  for (std::string line; std::getline(std::cin, line);) {
    const auto start = std::chrono::steady_clock::now();
    const std::string text = prometheus::TextSerializer().Serialize(registry.Collect());
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    std::cout << took.count() << ' ' << text.size() << std::endl;
  }
}
