#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "incident/watched.h"

namespace aka::test {

using Names = std::set<std::string>;

inline Names firing(const Watched& watched) { return names_of(watched.book.firing()); }

inline model::KeyRecord with_roles(std::initializer_list<std::string_view> roles) {
  return record(test::roles(roles), "ci");
}

inline model::Key absent(char digit) {
  model::Key key = expected_key(digit);
  key.policy = nullptr;
  key.expect = model::Expectation::absent;
  return key;
}

inline void waive(model::Key& key, model::FindingKind kind, std::string role,
                  base::WallTime until) {
  key.waivers = std::make_shared<const std::vector<model::Waiver>>(
      std::vector<model::Waiver>{{kind, std::move(role), "", "", until, "why", ""}});
}

inline Watched one_key() { return Watched(organization_of({expected_key('1')})); }
inline Watched two_keys() {
  return Watched(organization_of({expected_key('1'), expected_key('2')}));
}

/// Polls of one key in an organization of its own, each as a letter.
inline model::Answer answer(char letter) {
  model::KeyRecord record = kAsItShouldBe;
  switch (letter) {
    case 'o':
      return with_roles({"ORG_MEMBER", "ORG_OWNER"});
    case 'm':
      return with_roles({});
    case 'd':
      record.description = "other";
      return record;
    case 'x':
      record.private_key_exposed = true;
      return record;
    case 'n':
      return model::KeyMissing{};
    case 'u':
      return not_found(model::Reason::unknown);
    case 'g':
      return not_found(model::Reason::org_missing);
    case 'f':
      return forbidden();
    case 'a':
      return unauthorized();
    case 'e':
      return timed_out();
    case 't':
      return failed(model::State::rate_limited, model::Reason::throttled);
    default:
      return record;
  }
}

}  // namespace aka::test
