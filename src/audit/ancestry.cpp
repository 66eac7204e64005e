// Two rosters side by side. Entry point: ancestry().
#include "audit/ancestry.h"

#include <algorithm>
#include <iterator>
#include <unordered_map>

namespace aka::audit {
namespace {

void trace_keys(const model::Organization& organization, const model::Organization& old,
                Ancestry& result) {
  std::unordered_map<model::KeyId, std::size_t> places;
  places.reserve(old.keys.size());
  for (std::size_t k = 0; k < old.keys.size(); ++k) places.emplace(old.keys[k].id, k);
  for (std::size_t k = 0; k < organization.keys.size(); ++k) {
    const auto place = places.find(organization.keys[k].id);
    if (place == places.end()) continue;
    const std::size_t index = organization.first_key + k;
    result.keys[index] = old.first_key + place->second;
    result.rules[index] = policy::rules_between(old.keys[place->second], organization.keys[k]);
  }
}

}  // namespace

Ancestry ancestry(const model::Roster& roster, const model::Roster* before) {
  Ancestry result{std::vector<std::size_t>(roster.organizations.size(), kNew),
                  std::vector<std::size_t>(roster.key_count, kNew),
                  std::vector<policy::Rules>(roster.key_count, policy::Rules::same)};
  if (before == nullptr) return result;
  std::unordered_map<model::OrganizationId, std::size_t> organizations;
  for (std::size_t i = 0; i < before->organizations.size(); ++i) {
    organizations.emplace(before->organizations[i].id, i);
  }
  for (std::size_t i = 0; i < roster.organizations.size(); ++i) {
    const auto found = organizations.find(roster.organizations[i].id);
    if (found == organizations.end()) continue;
    result.organizations[i] = found->second;
    trace_keys(roster.organizations[i], before->organizations[found->second], result);
  }
  return result;
}

Place key_at(const model::Roster& roster, std::size_t index) {
  const auto after =
      std::ranges::upper_bound(roster.organizations, index, {}, &model::Organization::first_key);
  const model::Organization& organization = *std::prev(after);
  return {organization, organization.keys[index - organization.first_key]};
}

std::size_t index_of(const model::Roster& roster, const model::Organization& organization) {
  return static_cast<std::size_t>(&organization - roster.organizations.data());
}

}  // namespace aka::audit
