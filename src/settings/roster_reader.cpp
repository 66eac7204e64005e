// Organizations and keys. Entry points: add_key() and end_file() while files are read, build() at
// the end. Names are resolved last, because a policy may stand below its keys or in another file.
#include "settings/roster_reader.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "base/redaction.h"
#include "settings/names.h"

namespace aka::settings {
namespace {

using base::Fields;
using base::Section;

constexpr base::Duration kShortest = std::chrono::seconds(1);
constexpr base::Duration kLongest = std::chrono::hours(24 * 30);

/// "did you mean 'x'?", or what to do without a near name.
std::string hint(const std::optional<std::string>& meant, std::string_view otherwise) {
  return meant ? fmt::format("did you mean '{}'?", *meant) : std::string(otherwise);
}

}  // namespace

void RosterReader::add_key(std::size_t organization, const Section& key) {
  if (batches_.size() <= organization) batches_.resize(organization + 1);
  keys_.read(key, batches_[organization]);
}

void RosterReader::end_file(const Section* organizations) {
  if (organizations == nullptr) return drop_file();
  batches_.resize(organizations->items.size());
  for (std::size_t i = 0; i < batches_.size(); ++i) {
    read_organization(organizations->items[i], std::move(batches_[i]));
  }
  batches_.clear();
}

void RosterReader::read_organization(const Section& section, KeyBatch keys) {
  const Section* const name = section.find("name");
  const bool named = name != nullptr && base::is_name(name->text);
  Fields fields(section, named ? fmt::format("organization '{}'", name->text) : "this organization",
                diagnostics_);
  const auto id = id_field<model::OrganizationId>(fields, "id");
  fields.sequence("keys");
  const auto [number, added] =
      id ? numbers_.try_emplace(*id, drafts_.size()) : std::pair(numbers_.end(), true);
  if (added) {
    drafts_.emplace_back().mark = id ? fields.mark_of("id") : section.mark;
    if (id) drafts_.back().organization.id = *id;
  }
  Draft& draft = added ? drafts_.back() : drafts_[number->second];
  const bool adds_keys_only = id && section.find("keys") != nullptr && section.entries.size() == 2;
  if (adds_keys_only) {
    // Set up elsewhere, before or after this.
  } else if (draft.set_up) {
    diagnostics_.error(
        fields.mark_of("id"),
        fmt::format("organization {} is used twice, first at {}; a second entry may add 'keys' "
                    "and nothing else",
                    id->to_string(), place(*draft.set_up)));
    for (const char* key : {"name", "credential", "interval", "fetch", "discover", "owner"})
      fields.any(key);
  } else {
    draft.set_up = fields.mark_of("id");
    set_up(fields, draft);
  }
  if (!keys.keys.empty()) draft.batches.push_back(std::move(keys));
  fields.finish();
}

void RosterReader::set_up(Fields& fields, Draft& draft) {
  model::Organization& organization = draft.organization;
  draft.name = fields.mark_of("name");
  draft.credential = fields.mark_of("credential");
  if (auto name = fields.text("name")) {
    if (check_name("an organization", *name, draft.name, diagnostics_))
      organization.name = std::move(*name);
  } else if (!fields.has_key("name")) {
    fields.missing("name", "it labels the metrics and alerts");
  }
  if (auto credential = fields.text("credential")) {
    organization.credential = std::move(*credential);
  } else if (!fields.has_key("credential")) {
    fields.missing("credential", "the name of one of 'credentials'");
  }
  if (fields.has_key("interval")) draft.interval_mark = fields.mark_of("interval");
  draft.interval = fields.duration("interval", kShortest, kLongest);
  if (fields.choice("fetch", {"per_key", "list"}) == "list")
    organization.fetch = model::Fetch::list;
  organization.discover = fields.boolean("discover").value_or(false);
  organization.owner = keys_.shared_owner(owner_field(fields).value_or(""));
}

model::Roster RosterReader::build(PolicyTable& policies,
                                  const std::vector<CredentialSettings>& credentials,
                                  base::Duration default_interval) {
  check_names();
  check_credentials(credentials);
  resolve_policies(policies);
  check_key_ids();
  model::Roster roster;
  roster.organizations.reserve(drafts_.size());
  for (Draft& draft : drafts_) {
    check_keys_of(draft);
    finish(draft, default_interval);
    draft.organization.first_key = roster.key_count;
    roster.key_count += draft.organization.keys.size();
    marks_.push_back(draft.interval ? draft.interval_mark : draft.mark);
    roster.organizations.push_back(std::move(draft.organization));
  }
  drafts_.clear();
  return roster;
}

void RosterReader::check_names() {
  std::map<std::string_view, const Draft*> names;
  for (const Draft& draft : drafts_) {
    if (!draft.set_up) {
      diagnostics_.error(draft.mark,
                         fmt::format("organization {} only has keys here, and its name and "
                                     "credential stand nowhere",
                                     draft.organization.id.to_string()));
    }
    if (draft.organization.name.empty()) continue;
    const auto [first, added] = names.try_emplace(draft.organization.name, &draft);
    if (added) continue;
    diagnostics_.error(draft.name,
                       fmt::format("the name '{}' is used twice, first for the organization at {}; "
                                   "rename one",
                                   draft.organization.name, place(first->second->name)));
  }
}

void RosterReader::check_credentials(const std::vector<CredentialSettings>& credentials) {
  std::vector<std::string> names;
  names.reserve(credentials.size());
  for (const CredentialSettings& credential : credentials) names.push_back(credential.name);
  std::vector<char> used(names.size());
  for (const Draft& draft : drafts_) {
    const std::string& wanted = draft.organization.credential;
    if (wanted.empty()) continue;
    const auto found = std::ranges::find(names, wanted);
    if (found != names.end()) {
      used[static_cast<std::size_t>(found - names.begin())] = 1;
      continue;
    }
    diagnostics_.error(
        draft.credential,
        fmt::format("there is no credential '{}'; {}", base::shown(wanted),
                    hint(base::nearest(wanted, names), "add it under 'credentials'")));
  }
  for (std::size_t i = 0; i < names.size() && !diagnostics_.has_errors(); ++i) {
    if (used[i] != 0) continue;
    diagnostics_.warning(credentials[i].mark,
                         fmt::format("credential '{}' is used by no organization", names[i]));
  }
}

void RosterReader::resolve_policies(PolicyTable& policies) {
  std::vector<std::shared_ptr<const model::Policy>> resolved;
  for (const std::string& name : keys_.policy_names()) resolved.push_back(policies.find(name));
  for (Draft& draft : drafts_) {
    for (KeyBatch& batch : draft.batches) {
      for (std::size_t i = 0; i < batch.keys.size(); ++i) {
        const std::uint32_t number = batch.origins[i].policy_name;
        if (number == KeyOrigin::kNoPolicyName) continue;
        batch.keys[i].policy = resolved[number];
        if (resolved[number] != nullptr) continue;
        const std::string& name = keys_.policy_names()[number];
        diagnostics_.error(mark_at(batch.file, batch.origins[i].policy),
                           fmt::format("there is no policy '{}'; {}", base::shown(name),
                                       hint(policies.nearest(name), "add it under 'policies'")));
      }
    }
  }
}

/// A key belongs to one organization, so an id may stand once in all of them.
void RosterReader::check_key_ids() {
  struct Use {
    model::KeyId id;
    const KeyBatch* batch;
    std::uint32_t index;
  };
  std::vector<Use> uses;
  for (const Draft& draft : drafts_) {
    for (const KeyBatch& batch : draft.batches) {
      for (std::uint32_t i = 0; i < batch.keys.size(); ++i) {
        if (batch.origins[i].has_id) uses.push_back({batch.keys[i].id, &batch, i});
      }
    }
  }
  const auto mark = [](const Use& use) {
    return mark_at(use.batch->file, use.batch->origins[use.index].id);
  };
  std::ranges::stable_sort(uses, {}, &Use::id);
  for (std::size_t i = 1; i < uses.size(); ++i) {
    if (uses[i].id != uses[i - 1].id) continue;
    diagnostics_.error(mark(uses[i]),
                       fmt::format("key {} is used twice, also at {}; keep one",
                                   uses[i].id.to_string(), place(mark(uses[i - 1]))));
  }
}

void RosterReader::check_keys_of(const Draft& draft) {
  struct Use {
    std::string_view name;
    const KeyBatch* batch;
    std::uint32_t index;
  };
  std::vector<Use> uses;
  for (const KeyBatch& batch : draft.batches) {
    for (std::uint32_t i = 0; i < batch.keys.size(); ++i) {
      if (!batch.keys[i].name.empty()) uses.push_back({batch.keys[i].name, &batch, i});
    }
  }
  const auto mark = [](const Use& use) {
    return mark_at(use.batch->file, use.batch->origins[use.index].name);
  };
  std::ranges::stable_sort(uses, {}, &Use::name);
  for (std::size_t i = 1; i < uses.size(); ++i) {
    // One key that is listed twice was told so.
    const auto id = [](const Use& use) {
      const bool known = use.batch->origins[use.index].has_id;
      return known ? std::optional(use.batch->keys[use.index].id) : std::nullopt;
    };
    const bool same_key = id(uses[i]) && id(uses[i]) == id(uses[i - 1]);
    if (uses[i].name != uses[i - 1].name || same_key) continue;
    diagnostics_.error(mark(uses[i]),
                       fmt::format("the name '{}' is used twice in this organization, also at {}; "
                                   "rename one",
                                   uses[i].name, place(mark(uses[i - 1]))));
  }
  // Among errors the keys may be there and just be unreadable.
  if (uses.empty() && !draft.organization.discover && !diagnostics_.has_errors()) {
    diagnostics_.warning(draft.mark, fmt::format("organization '{}' has no keys, so nothing of it "
                                                 "is watched",
                                                 draft.organization.name));
  }
}

void RosterReader::finish(Draft& draft, base::Duration default_interval) {
  model::Organization& organization = draft.organization;
  organization.interval = draft.interval.value_or(default_interval);
  if (organization.owner == nullptr) organization.owner = keys_.shared_owner("");
  std::size_t count = 0;
  for (const KeyBatch& batch : draft.batches) count += batch.keys.size();
  organization.keys.reserve(count);
  for (KeyBatch& batch : draft.batches) {
    for (model::Key& key : batch.keys) {
      if (key.owner == nullptr) key.owner = organization.owner;
      organization.keys.push_back(std::move(key));
    }
    batch = {};
  }
}

}  // namespace aka::settings
