#pragma once

#include <string>
#include <string_view>

#include "model/ids.h"

namespace aka::atlas {

enum class ApiFlavour {
  v1_0,         ///< Atlas, unversioned
  v2,           ///< Atlas, versioned by the Accept header
  public_v1_0,  ///< Cloud Manager and Ops Manager
};

/// How the service is addressed, on whichever origin it is.
struct Service {
  std::string base_path;  ///< of the base URL: empty, or "/prefix" without a slash at its end
  ApiFlavour flavour = ApiFlavour::v1_0;

  /// The target of a GET of one key.
  std::string key_target(model::OrganizationId organization, model::KeyId key) const;
  /// The target of a GET of one page of an organization's keys; the first page is 1.
  std::string list_target(model::OrganizationId organization, int page) const;
  /// The value of the Accept header of both.
  std::string_view accept() const;

  /// The target of a GET that tells who the caller is, with the same login on every flavour for
  /// Atlas; it is part of v2, whatever the flavour.
  std::string caller_target() const;
  static std::string_view accept_of_caller();
};

}  // namespace aka::atlas
