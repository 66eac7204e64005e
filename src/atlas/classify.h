#pragma once

#include <optional>
#include <string_view>

#include <tl/expected.hpp>

#include "atlas/key_page.h"
#include "http/message.h"
#include "model/ids.h"
#include "model/observation.h"

namespace aka::atlas {

/// The key that was asked for, and in which organization.
struct Asked {
  model::OrganizationId organization;
  model::KeyId key;
};

/// What an exchange says of a key, by the table of states and reasons that users see. Pure.
/// `login_note` explains a 401 that came although the login was answered, and how to mend it; it
/// is used for that alone. A failed transport may be anything but `stopped`.
model::Answer classify(const http::Exchange& exchange, const Asked& asked,
                       std::string_view login_note);

/// The same of an exchange that asked for a page of the organization's keys.
tl::expected<KeyPage, model::Failure> classify_page(const http::Exchange& exchange,
                                                    model::OrganizationId organization,
                                                    std::string_view login_note);

/// The same of an exchange that asked who the caller is; nothing if that is no API key.
tl::expected<std::optional<model::KeyRecord>, model::Failure> classify_caller(
    const http::Exchange& exchange, model::OrganizationId organization,
    std::string_view login_note);

/// The same of a key in a list that cannot be read.
model::Failure classify_unreadable(const UnreadableKey& key);

/// The part of it for exchanges that gave no answer.
model::Failure classify_failure(const http::TransportError& error);

/// The status a poll shows: of the answer, or of the beginning of one; 0 without.
int status_of(const http::Exchange& exchange);

}  // namespace aka::atlas
