// Renders what is known of keys and organizations as Prometheus text. Entry points:
// exposition_length() and write_exposition(). One renderer, written against an output that either
// counts or fills blocks, walks the roster once per family. The text that a family's lines of one
// organization start with is built once; no other text outlives its line.
#include "metrics/exposition.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "metrics/label_text.h"
#include "metrics/names.h"
#include "metrics/page_output.h"

namespace aka::metrics {
namespace {

using model::Evidence;
using model::Finding;
using model::FindingKind;

/// In thousandths, so that counts and instants need one type; nothing: no sample.
using Value = std::optional<long long>;

constexpr long long whole(long long number) { return number * 1000; }
constexpr long long flag(bool claim) { return claim ? 1000 : 0; }

struct KeyView {
  const model::Snapshot& snapshot;
  const model::Key& key;
  const model::KeyStatus& status;
  base::Duration stale_after;
};

Value key_up(const KeyView& view) {
  const model::KeyStatus& status = view.status;
  return flag(status.state == model::State::compliant || status.state == model::State::drift ||
              status.reason == model::Reason::key_missing);
}

Value compliant(const KeyView& view) {
  switch (verdict_of(view.status, view.snapshot.steady, view.stale_after)) {
    case model::Verdict::unknown:
      return std::nullopt;
    case model::Verdict::compliant:
      return flag(true);
    case model::Verdict::violation:
      return flag(false);
  }
  return std::nullopt;
}

Value http_status(const KeyView& view) { return whole(view.status.http_status); }

template <FindingKind kind>
Value open_findings(const KeyView& view) {
  if (view.status.evidence != Evidence::record) return std::nullopt;
  if (view.status.findings == nullptr) return 0;
  return whole(std::ranges::count_if(*view.status.findings, [](const Finding& finding) {
    return finding.kind == kind && !finding.waived;
  }));
}

Value last_poll(const KeyView& view) { return view.status.last_poll.time_since_epoch().count(); }

Value last_success(const KeyView& view) {
  return view.status.last_success.time_since_epoch().count();
}

Value oldest_finding(const KeyView& view) {
  const auto since = drift_since(view.status);
  return since ? Value(since->time_since_epoch().count()) : std::nullopt;
}

struct KeyGauge {
  names::Family family;
  Value (*value)(const KeyView&);
};

constexpr std::array kKeyGauges{
    KeyGauge{names::kKeyUp, key_up},
    KeyGauge{names::kKeyCompliant, compliant},
    KeyGauge{names::kKeyHttpStatus, http_status},
    KeyGauge{names::kRolesMissing, open_findings<FindingKind::role_missing>},
    KeyGauge{names::kRolesUnexpected, open_findings<FindingKind::role_unexpected>},
    KeyGauge{names::kRolesForbidden, open_findings<FindingKind::role_forbidden>},
    KeyGauge{names::kDescriptionMismatch, open_findings<FindingKind::description_mismatch>},
    KeyGauge{names::kLastPoll, last_poll},
    KeyGauge{names::kLastSuccess, last_success},
    KeyGauge{names::kDriftSince, oldest_finding},
};

struct OrganizationView {
  const model::Snapshot& snapshot;
  const model::Organization& organization;
  const model::OrganizationStatus& status;
};

/// One interval, and a quarter for jitter and for the poll itself: an organization with one key,
/// polled on time, must not blink.
Value organization_up(const OrganizationView& view) {
  if (view.status.last_conclusive == base::SteadyTime{}) return flag(false);
  return flag(view.snapshot.steady - view.status.last_conclusive <=
              view.status.effective_interval * 5 / 4);
}

Value configured_keys(const OrganizationView& view) {
  return whole(static_cast<long long>(view.organization.keys.size()));
}

/// Without a complete sweep there is a count only if it is not 0: who saw half cannot say none.
Value unmanaged_keys(const OrganizationView& view) {
  const auto& discovery = view.status.discovery;
  if (discovery == nullptr) return std::nullopt;
  if (discovery->unmanaged.empty() && discovery->last_complete == base::WallTime{}) {
    return std::nullopt;
  }
  return whole(static_cast<long long>(discovery->unmanaged.size()));
}

Value credential_excess(const OrganizationView& view) {
  const auto& excess = view.status.credential_excess;
  return excess ? Value(flag(*excess)) : std::nullopt;
}

Value rate_limit_remaining(const OrganizationView& view) {
  const auto& remaining = view.status.rate_limit_remaining;
  return remaining ? Value(whole(*remaining)) : std::nullopt;
}

Value effective_interval(const OrganizationView& view) {
  return view.status.effective_interval.count();
}

Value detection_bound(const OrganizationView& view) { return view.status.detection_bound.count(); }

struct OrganizationGauge {
  names::Family family;
  Value (*value)(const OrganizationView&);
};

constexpr std::array kOrganizationGauges{
    OrganizationGauge{names::kOrganizationUp, organization_up},
    OrganizationGauge{names::kOrganizationKeys, configured_keys},
    OrganizationGauge{names::kUnmanagedKeys, unmanaged_keys},
    OrganizationGauge{names::kCredentialExcess, credential_excess},
    OrganizationGauge{names::kRateLimitRemaining, rate_limit_remaining},
    OrganizationGauge{names::kEffectiveInterval, effective_interval},
    OrganizationGauge{names::kDetectionBound, detection_bound},
};

std::string_view policy_label(const model::Key& key) {
  if (key.policy == nullptr) return "";
  return key.policy->name.empty() ? "inline" : std::string_view(key.policy->name);
}

/// The labels of each open finding. Two names that differ only in bytes which are no UTF-8 give
/// one series, because a page with a series twice is refused as a whole.
std::vector<std::string> finding_labels(const model::Findings& findings) {
  std::vector<std::string> all;
  for (const Finding& finding : findings) {
    if (finding.waived) continue;
    std::string& labels = all.emplace_back("\",kind=\"");
    labels += to_string(finding.kind);
    labels += "\",severity=\"";
    labels += to_string(finding.severity);
    labels += "\",role=\"";
    append_label(labels, finding.role);
    labels += "\",project_id=\"";
    append_label(labels, finding.project_id);
  }
  std::ranges::sort(all);
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

template <typename Output>
class Renderer {
 public:
  Renderer(const model::Snapshot& snapshot, Output& output) : snapshot_(snapshot), output_(output) {
    plain_names_.reserve(snapshot.roster->key_count);
    for (const auto& organization : snapshot.roster->organizations) {
      for (const auto& key : organization.keys) plain_names_.push_back(is_plain_label(key.name));
    }
  }

  void render() {
    for (const KeyGauge& gauge : kKeyGauges) key_gauge(gauge);
    states();
    findings();
    unmanaged_findings();
    key_labels();
    for (const OrganizationGauge& gauge : kOrganizationGauges) organization_gauge(gauge);
    waivers();
  }

 private:
  void key_gauge(const KeyGauge& gauge) {
    for_each_key(gauge.family, [&](const KeyView& view) {
      const Value value = gauge.value(view);
      if (!value) return;
      start_line(view);
      finish_line(*value);
    });
  }

  void states() {
    for_each_key(names::kKeyState, [&](const KeyView& view) {
      start_line(view);
      output_.text("\",state=\"");
      output_.text(to_string(view.status.state));
      output_.text("\",reason=\"");
      output_.text(to_string(view.status.reason));
      finish_line(flag(true));
    });
  }

  void findings() {
    for_each_key(names::kFinding, [&](const KeyView& view) {
      if (view.status.findings == nullptr) return;
      for (const std::string& labels : finding_labels(*view.status.findings)) {
        start_line(view);
        output_.text(labels);
        finish_line(flag(true));
      }
    });
  }

  /// As findings(), of keys that no configuration names: their ids stand for names.
  void unmanaged_findings() {
    for (std::size_t i = 0; i < snapshot_.organizations.size(); ++i) {
      const auto& discovery = snapshot_.organizations[i].discovery;
      if (discovery == nullptr || output_.stopped()) continue;
      const std::string prefix =
          organization_prefix(names::kFinding, snapshot_.roster->organizations[i]);
      for (const model::UnmanagedKey& key : discovery->unmanaged) {
        const std::string id = key.id.to_string();
        announce(names::kFinding);
        for (const std::string_view part :
             {std::string_view(prefix), std::string_view("\",key_id=\""), std::string_view(id),
              std::string_view("\",key=\""), std::string_view(id)}) {
          output_.text(part);
        }
        output_.text(finding_labels({key.finding}).front());
        finish_line(flag(true));
      }
    }
  }

  void key_labels() {
    for_each_key(names::kKeyLabels, [&](const KeyView& view) {
      start_line(view);
      output_.text("\",policy=\"");
      label(policy_label(view.key));
      output_.text("\",owner=\"");
      label(*view.key.owner);
      finish_line(flag(true));
    });
  }

  void organization_gauge(const OrganizationGauge& gauge) {
    announced_ = false;
    for (std::size_t i = 0; i < snapshot_.organizations.size(); ++i) {
      const auto& organization = snapshot_.roster->organizations[i];
      const Value value = gauge.value({snapshot_, organization, snapshot_.organizations[i]});
      if (!value) continue;
      announce(gauge.family);
      output_.text(organization_prefix(gauge.family, organization));
      finish_line(*value);
    }
  }

  void waivers() {
    announced_ = false;
    for (std::size_t i = 0; i < snapshot_.organizations.size(); ++i) {
      const std::string prefix =
          organization_prefix(names::kWaivers, snapshot_.roster->organizations[i]) + "\",state=\"";
      for (const model::WaiverState state : model::kWaiverStates) {
        announce(names::kWaivers);
        output_.text(prefix);
        output_.text(to_string(state));
        finish_line(whole(snapshot_.organizations[i].waivers[static_cast<std::size_t>(state)]));
      }
    }
  }

  /// Calls `line` with each key; it writes what it wants between start_line() and finish_line().
  template <typename Line>
  void for_each_key(const names::Family& family, const Line& line) {
    family_ = &family;
    announced_ = false;
    for (const auto& organization : snapshot_.roster->organizations) {
      if (output_.stopped()) return;
      prefix_ = organization_prefix(family, organization) + "\",key_id=\"";
      const base::Duration stale_after = snapshot_.stale_after_of(organization);
      index_ = organization.first_key;
      for (const auto& key : organization.keys) {
        line(KeyView{snapshot_, key, snapshot_.status(index_), stale_after});
        ++index_;
      }
    }
  }

  /// Up to the value of the label `key`; its closing quote comes with what follows.
  void start_line(const KeyView& view) {
    announce(*family_);
    output_.text(prefix_);
    output_.id(view.key.id);
    output_.text("\",key=\"");
    if (plain_names_[index_]) {
      output_.text(view.key.name);
    } else {
      label(view.key.name);
    }
  }

  void finish_line(long long value) {
    output_.text("\"} ");
    output_.text(NumberText(value).view());
    output_.text("\n");
  }

  /// A family without a sample is left out, so its head waits for the first one.
  void announce(const names::Family& family) {
    if (announced_) return;
    announced_ = true;
    for (const std::string_view piece :
         {std::string_view("# HELP "), family.name, std::string_view(" "), family.help,
          std::string_view("\n# TYPE "), family.name, std::string_view(" gauge\n")}) {
      output_.text(piece);
    }
  }

  void label(std::string_view text) {
    std::string escaped;
    append_label(escaped, text);
    output_.text(escaped);
  }

  static std::string organization_prefix(const names::Family& family,
                                         const model::Organization& organization) {
    std::string prefix(family.name);
    prefix += "{org_id=\"" + organization.id.to_string() + "\",org=\"";
    append_label(prefix, organization.name);
    return prefix;
  }

  const model::Snapshot& snapshot_;
  Output& output_;
  std::vector<bool> plain_names_;  // by key index; found once, for a name is in a dozen families

  const names::Family* family_ = nullptr;
  bool announced_ = false;
  std::string prefix_;
  std::size_t index_ = 0;  // of the key at hand
};

}  // namespace

std::size_t exposition_length(const model::Snapshot& snapshot) {
  CountingOutput output;
  Renderer(snapshot, output).render();
  return output.length();
}

bool write_exposition(const model::Snapshot& snapshot, const BlockSink& sink) {
  BlockOutput output(sink);
  Renderer(snapshot, output).render();
  return output.finish();
}

}  // namespace aka::metrics
