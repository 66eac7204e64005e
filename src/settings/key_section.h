#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "base/section.h"
#include "model/roster.h"

namespace aka::settings {

struct Place {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};

/// What a key's later checks need and the key itself does not keep.
struct KeyOrigin {
  static constexpr std::uint32_t kNoPolicyName = 0xffffffff;

  bool has_id = true;  ///< false: it was unusable, which is an error
  Place id;
  Place name;
  Place policy;
  std::uint32_t policy_name = kNoPolicyName;  ///< a number of KeyReader's, to be resolved
};

/// Keys as read from one list of one file, each with its origin. A key's policy is null while its
/// name is unresolved, its owner is null if the organization's applies.
struct KeyBatch {
  std::shared_ptr<const std::string> file;
  std::vector<model::Key> keys;
  std::vector<KeyOrigin> origins;
};

/// Turns the sections of keys into keys, sharing what repeats.
class KeyReader {
 public:
  KeyReader(base::WallTime now, base::Diagnostics& diagnostics)
      : now_(now), diagnostics_(diagnostics) {}

  /// Appends the key. One without a usable id is reported and appended too, so that what else is
  /// wrong with it is told in the same run.
  void read(const base::Section& section, KeyBatch& batch);

  /// The policy names met, by number.
  const std::vector<std::string>& policy_names() const { return policy_names_; }
  std::shared_ptr<const std::string> shared_owner(const std::string& owner);

 private:
  void read_policy_of(base::Fields& fields, model::Key& key, KeyOrigin& origin);
  void read_name(base::Fields& fields, model::Key& key, KeyOrigin& origin);
  void read_public_key(base::Fields& fields, model::Key& key);
  std::uint32_t number_of(const std::string& policy_name);

  base::WallTime now_;
  base::Diagnostics& diagnostics_;
  std::vector<std::string> policy_names_;
  std::unordered_map<std::string, std::uint32_t> policy_numbers_;
  std::unordered_map<std::string, std::shared_ptr<const std::string>> owners_;
};

/// The `owner` of a key or organization: a text for people and routing, without control characters.
std::optional<std::string> owner_field(base::Fields& fields);

base::Mark mark_at(const std::shared_ptr<const std::string>& file, Place place);

}  // namespace aka::settings
