// One key of an organization. Entry point: KeyReader::read(), which runs 100,000 times for a large
// file: it keeps nothing of the section, and shares policies, owners and names of policies.
#include "settings/key_section.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/redaction.h"
#include "settings/names.h"
#include "settings/policy_section.h"
#include "settings/waiver_section.h"

namespace aka::settings {
namespace {

using base::Fields;
using base::Section;

Place place_of(const base::Mark& mark) {
  return {static_cast<std::uint32_t>(mark.line), static_cast<std::uint32_t>(mark.column)};
}

bool is_public_key(const std::string& text) {
  return text.size() == 8 &&
         std::ranges::all_of(text, [](char symbol) { return symbol >= 'a' && symbol <= 'z'; });
}

}  // namespace

void KeyReader::read(const Section& section, KeyBatch& batch) {
  Fields fields(section, "this key", diagnostics_);
  model::Key key;
  KeyOrigin origin;
  const auto id = id_field<model::KeyId>(fields, "id");
  origin.has_id = id.has_value();
  if (id) key.id = *id;
  origin.id = place_of(fields.mark_of("id"));
  read_name(fields, key, origin);
  read_policy_of(fields, key, origin);
  if (const auto owner = owner_field(fields)) key.owner = shared_owner(*owner);
  read_public_key(fields, key);
  if (const Section* waivers = fields.sequence("waivers"))
    key.waivers = read_waivers(*waivers, now_, diagnostics_);
  fields.finish();
  batch.file = section.mark.file;
  batch.keys.push_back(std::move(key));
  batch.origins.push_back(origin);
}

void KeyReader::read_name(Fields& fields, model::Key& key, KeyOrigin& origin) {
  origin.name = place_of(fields.mark_of("name"));
  auto name = fields.text("name");
  if (name && check_name("a key", *name, fields.mark_of("name"), diagnostics_)) {
    key.name = std::move(*name);
  } else if (origin.has_id) {
    key.name = key.id.to_string();
  }
}

void KeyReader::read_policy_of(Fields& fields, model::Key& key, KeyOrigin& origin) {
  const auto expect = fields.choice("expect", {"absent", "present"});
  if (expect == "absent") key.expect = model::Expectation::absent;
  const Section* policy = fields.any("policy");
  if (policy == nullptr) {
    if (expect != "absent" && (expect || !fields.has_key("expect")))
      fields.missing("policy", "the name of one, or 'expect: absent' if the key must stay deleted");
    return;
  }
  if (expect == "absent") {
    fields.error("policy",
                 "this key is expected absent, so it can have no policy; remove one of "
                 "the two");
    return;
  }
  origin.policy = place_of(policy->mark);
  if (policy->kind == Section::Kind::mapping) {
    key.policy = read_policy(*policy, {}, diagnostics_);
  } else if (const auto name = fields.text("policy")) {
    origin.policy_name = number_of(*name);
  }
}

void KeyReader::read_public_key(Fields& fields, model::Key& key) {
  auto text = fields.text("public_key");
  if (!text) return;
  if (is_public_key(*text)) {
    key.public_key = std::move(*text);
    return;
  }
  fields.error("public_key",
               base::looks_secret(*text)
                   ? "'public_key' holds what looks like a private key. Remove it and replace that "
                     "key; the public one has 8 letters"
                   : fmt::format("'public_key' must be 8 letters from a to z, not '{}'",
                                 base::shown(*text)));
}

std::uint32_t KeyReader::number_of(const std::string& policy_name) {
  const auto [entry, added] =
      policy_numbers_.try_emplace(policy_name, static_cast<std::uint32_t>(policy_names_.size()));
  if (added) policy_names_.push_back(policy_name);
  return entry->second;
}

std::shared_ptr<const std::string> KeyReader::shared_owner(const std::string& owner) {
  auto& shared = owners_[owner];
  if (shared == nullptr) shared = std::make_shared<const std::string>(owner);
  return shared;
}

std::optional<std::string> owner_field(Fields& fields) {
  constexpr std::size_t kLongest = 200;
  auto owner = fields.text("owner");
  if (!owner) return std::nullopt;
  const bool clean = std::ranges::none_of(
      *owner, [](char symbol) { return (symbol >= 0 && symbol < ' ') || symbol == 0x7f; });
  if (clean && owner->size() <= kLongest && !base::looks_secret(*owner)) return owner;
  fields.error("owner", fmt::format("'owner' of {} must be one line of at most {} bytes",
                                    fields.what(), kLongest));
  return std::nullopt;
}

base::Mark mark_at(const std::shared_ptr<const std::string>& file, Place place) {
  return {file, place.line, place.column};
}

}  // namespace aka::settings
