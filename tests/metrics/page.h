#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace aka::metrics::testing {

using Labels = std::map<std::string, std::string>;

struct FamilyText {
  std::string help;
  std::string type;
  std::map<std::string, std::map<Labels, double>> series;  ///< by sample name; as values
};

/// A page of Prometheus text 0.0.4, read strictly: it throws std::runtime_error, naming the line,
/// at whatever the format or a scraper does not allow: a series twice, a family in two places, a
/// label that is no UTF-8, a sample without HELP and TYPE before it.
class Page {
 public:
  explicit Page(std::string_view text);

  const std::map<std::string, FamilyText>& families() const { return families_; }
  /// The value of the one series with these labels among its own; throws if there is not one.
  double value(const std::string& name, const Labels& labels = {}) const;
  std::size_t count(const std::string& name, const Labels& labels = {}) const;

 private:
  void read_line(std::string_view line);
  void read_sample(std::string_view line);
  std::vector<double> matches(const std::string& name, const Labels& labels) const;

  std::map<std::string, FamilyText> families_;
  std::string family_;  // the one being read
};

}  // namespace aka::metrics::testing
