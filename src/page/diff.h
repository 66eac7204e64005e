#pragma once

#include <cstddef>
#include <string_view>

#include "base/clock.h"
#include "page/html.h"
#include "page/standing.h"
#include "report/keys.h"

namespace aka::page {

/// Where the page of a key is: "/keys/5f1a…/64aa…".
std::string address_of(const report::KeyView& view);

/// "acme/ci" as a link to the key's page.
Markup link_to(const report::KeyView& view);

Markup badge_of(Standing standing, const model::KeyStatus& status);

/// The findings of a key, the open ones first and at most `most`: what should be and what is, since
/// when, what it means. Headings are `<h4>`.
void put_findings(Html& html, const report::KeyView& view, base::WallTime now, std::size_t most);

/// What to do about the open ones, each with its command.
void put_steps(Html& html, const report::KeyView& view);

}  // namespace aka::page
