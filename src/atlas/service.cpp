// Addresses and media types of the service's flavours. Entry point: Service::key_target().
#include "atlas/service.h"

#include <fmt/format.h>

namespace aka::atlas {
namespace {

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

std::string_view Service::accept() const {
  // The only version of these endpoints; a later date would be answered with it.
  return flavour == ApiFlavour::v2 ? "application/vnd.atlas.2023-01-01+json" : "application/json";
}

}  // namespace aka::atlas
