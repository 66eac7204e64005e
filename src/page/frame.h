#pragma once

#include <string>
#include <string_view>

#include "page/html.h"

namespace aka::page {

/// What stands around every page. The content goes between the two, in sections; those with
/// `data-live` are kept up to date by the script.
void put_head(Html& html, std::string_view title);
void put_foot(Html& html, std::string_view version);

/// A whole page that says one thing, for example that there is nothing to show.
std::string notice(std::string_view title, std::string_view text, std::string_view version);

}  // namespace aka::page
