// Addresses and media types of the service's flavours. Entry points: the targets of Service.
#include "atlas/service.h"

#include <fmt/format.h>

#include "atlas/key_page.h"

namespace aka::atlas {
namespace {

/// The only version of these endpoints; a later date would be answered with it.
constexpr std::string_view kVersion = "application/vnd.atlas.2023-01-01+json";

std::string_view api_path(ApiFlavour flavour) {
  switch (flavour) {
    case ApiFlavour::v1_0:
      return "/api/atlas/v1.0";
    case ApiFlavour::v2:
      return "/api/atlas/v2";
    case ApiFlavour::public_v1_0:
      return "/api/public/v1.0";
  }
  return "";
}

}  // namespace

std::string Service::key_target(model::OrganizationId organization, model::KeyId key) const {
  return fmt::format("{}{}/orgs/{}/apiKeys/{}", base_path, api_path(flavour),
                     organization.to_string(), key.to_string());
}

std::string Service::list_target(model::OrganizationId organization, int page) const {
  return fmt::format("{}{}/orgs/{}/apiKeys?itemsPerPage={}&pageNum={}", base_path,
                     api_path(flavour), organization.to_string(), kKeysPerPage, page);
}

std::string_view Service::accept() const {
  return flavour == ApiFlavour::v2 ? kVersion : "application/json";
}

std::string Service::caller_target() const { return base_path + "/api/atlas/v2"; }

std::string_view Service::accept_of_caller() { return kVersion; }

}  // namespace aka::atlas
