#pragma once

#include <string>
#include <vector>

#include "model/snapshot.h"
#include "page/status_page.h"

namespace aka::page::testing {

/// A key of the policy `reader` (exactly ORG_READ_ONLY), with this name and the id that ends so.
model::Key key_named(const std::string& name, int number, const std::string& owner = "platform");

/// A conclusive poll a minute ago, by the policy in force.
model::KeyStatus judged(model::Findings findings = {});
model::KeyStatus failed(model::State state, model::Reason reason,
                        const std::string& message = "why");

model::Finding finding(model::FindingKind kind, model::Severity severity, std::string role = {},
                       std::string expected = {}, std::string actual = {});

/// One organization `acme` with these keys, all of which must have a status.
model::Snapshot snapshot(std::vector<model::Key> keys,
                         const std::vector<model::KeyStatus>& statuses);

std::string status_page(model::Snapshot snapshot, const Filter& filter = {},
                        std::vector<incident::SharedAlert> firing = {});

/// The tags of a page without what stands between them and without their attributes' values.
std::string skeleton_of(const std::string& html);

std::size_t count_of(const std::string& text, const std::string& part);
inline bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace aka::page::testing
