#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "settings/key_section.h"
#include "settings/policy_section.h"
#include "settings/settings.h"

namespace aka::settings {

/// Collects organizations and their keys file by file, then makes a roster of them.
class RosterReader {
 public:
  RosterReader(base::WallTime now, base::Diagnostics& diagnostics)
      : diagnostics_(diagnostics), keys_(now, diagnostics) {}

  /// A key of the numbered organization of the file that is being read.
  void add_key(std::size_t organization, const base::Section& key);
  /// The `organizations` list of that file, whose keys have all been added; nullptr if it has none.
  void end_file(const base::Section* organizations);

  /// Forgets the keys of a file that could not be read to its end.
  void drop_file() { batches_.clear(); }

  bool empty() const { return drafts_.empty(); }
  /// Resolves names and reports what does not fit together. Call once, last.
  model::Roster build(PolicyTable& policies, const std::vector<CredentialSettings>& credentials,
                      base::Duration default_interval);
  /// After build(): Settings::organization_marks.
  std::vector<base::Mark> marks() { return std::move(marks_); }

 private:
  struct Draft {
    model::Organization organization;
    base::Mark mark;
    std::optional<base::Mark> set_up;  ///< where more than its keys is said
    base::Mark name;
    base::Mark credential;
    std::optional<base::Duration> interval;
    base::Mark interval_mark;
    std::vector<KeyBatch> batches;
  };

  void read_organization(const base::Section& section, KeyBatch keys);
  void set_up(base::Fields& fields, Draft& draft);
  void check_names();
  void check_credentials(const std::vector<CredentialSettings>& credentials);
  void check_keys_of(const Draft& draft);
  void check_key_ids();
  void resolve_policies(PolicyTable& policies);
  void finish(Draft& draft, base::Duration default_interval);

  base::Diagnostics& diagnostics_;
  KeyReader keys_;
  std::vector<KeyBatch> batches_;  ///< of the current file, by number of organization
  std::vector<Draft> drafts_;      ///< in the order first met
  std::map<model::OrganizationId, std::size_t> numbers_;
  std::vector<base::Mark> marks_;
};

}  // namespace aka::settings
