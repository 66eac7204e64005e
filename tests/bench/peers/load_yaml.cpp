// YAML::LoadFile of a file and nothing else: load_yaml FILE prints the seconds it took.
#include <chrono>
#include <iostream>

#include <yaml-cpp/yaml.h>

int main(int, char** arguments) {
  const auto start = std::chrono::steady_clock::now();
  const YAML::Node node = YAML::LoadFile(arguments[1]);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  std::cout << took.count() << ' ' << node.size() << '\n';
}
