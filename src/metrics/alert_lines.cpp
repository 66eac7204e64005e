// The family of alerts, without keeping its text: 100,000 alerts make some 35 MB of it. The labels
// of each are rendered once for a digest, by which lines are put in order and repeats found, and
// once more when the page is written. Entry point: AlertLines.
#include "metrics/alert_lines.h"

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>

#include "metrics/label_text.h"
#include "metrics/names.h"
#include "metrics/page_output.h"

namespace aka::metrics {
namespace {

constexpr std::size_t kValueLength = 2;  // "1\n"

/// The first is shown as `alert`. The next two would make a series that Prometheus refuses, with
/// the whole page; they can come from `alerting.labels`. An empty label is as good as none, but
/// would make two series of one.
bool is_shown(std::string_view name, std::string_view value) {
  return name != "alertname" && name != "alert" && name != "__name__" && !value.empty();
}

/// Into a text that is used again and again.
void render_labels(const incident::Alert& alert, std::string& text) {
  text = "{alert=\"";
  text += incident::to_string(alert.name);
  for (const auto& [name, value] : alert.labels) {
    if (!is_shown(name, value)) continue;
    text += "\",";
    text += name;
    text += "=\"";
    append_label(text, value);
  }
  text += "\"} ";
}

void write_head(const names::Family& family, BlockOutput& output) {
  for (const std::string_view piece :
       {std::string_view("# HELP "), family.name, std::string_view(" "), family.help,
        std::string_view("\n# TYPE "), family.name, std::string_view(" gauge\n")}) {
    output.text(piece);
  }
}

std::size_t head_length(const names::Family& family) {
  constexpr std::string_view kFixed = "# HELP  \n# TYPE  gauge\n";
  return kFixed.size() + 2 * family.name.size() + family.help.size();
}

}  // namespace

AlertLines::AlertLines(std::vector<incident::SharedAlert> firing,
                       std::vector<incident::SharedAlert> resolved)
    : firing_(std::move(firing)), resolved_(std::move(resolved)) {
  lines_.reserve(firing_.size() + resolved_.size());
  add(firing_, true);
  add(resolved_, false);
  const auto order = [](const Line& line) {
    return std::tuple(line.alert->name, line.digest, line.labels_length, !line.fires);
  };
  std::ranges::sort(lines_, {}, order);
  // 64 bits of digest and the length: that two different texts share them is out of reach.
  const auto same = [](const Line& one, const Line& other) {
    return one.alert->name == other.alert->name && one.digest == other.digest &&
           one.labels_length == other.labels_length;
  };
  lines_.erase(std::unique(lines_.begin(), lines_.end(), same), lines_.end());
  if (lines_.empty()) return;
  length_ = head_length(names::kAlertFiring);
  for (const Line& line : lines_) {
    length_ += names::kAlertFiring.name.size() + line.labels_length + kValueLength;
  }
}

void AlertLines::add(const std::vector<incident::SharedAlert>& alerts, bool fires) {
  std::string text;
  for (const incident::SharedAlert& alert : alerts) {
    render_labels(*alert, text);
    lines_.push_back({alert.get(), std::hash<std::string_view>{}(text),
                      static_cast<std::uint32_t>(text.size()), fires});
  }
}

bool AlertLines::write(const BlockSink& sink) const {
  if (lines_.empty()) return true;
  BlockOutput output(sink);
  write_head(names::kAlertFiring, output);
  std::string text;
  for (const Line& line : lines_) {
    if (output.stopped()) return false;
    render_labels(*line.alert, text);
    output.text(names::kAlertFiring.name);
    output.text(text);
    output.text(line.fires ? "1\n" : "0\n");
  }
  return output.finish();
}

std::shared_ptr<const AlertLines> LastAlertLines::of(std::vector<incident::SharedAlert> firing,
                                                     std::vector<incident::SharedAlert> resolved) {
  std::shared_ptr<const AlertLines> lines;
  {
    const std::scoped_lock lock(mutex_);
    lines = last_;
  }
  if (lines != nullptr && lines->made_from(firing, resolved)) return lines;
  lines = std::make_shared<const AlertLines>(std::move(firing), std::move(resolved));
  const std::scoped_lock lock(mutex_);
  last_ = lines;
  return lines;
}

}  // namespace aka::metrics
