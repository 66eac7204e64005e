// From JSON to key records in one pass. Entry points: parse_key() and parse_caller(). A visitor
// knows where it is by its place: the key, its `roles`, one role; every other container is passed
// over unread. The visitor of a larger text hands the key in it to one for a key.
#include "atlas/key_parser.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "atlas/json_reader.h"

namespace aka::atlas {
namespace {

constexpr std::size_t kLongestRoleName = 256;

/// The form in which the service creates private keys. A redacted one holds asterisks instead.
bool is_private_key(std::string_view text) {
  constexpr std::string_view kForm = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  const auto fits = [](char symbol, char form) {
    const bool hex = (symbol >= '0' && symbol <= '9') || (symbol >= 'a' && symbol <= 'f') ||
                     (symbol >= 'A' && symbol <= 'F');
    return form == 'x' ? hex : symbol == form;
  };
  return std::equal(text.begin(), text.end(), kForm.begin(), kForm.end(), fits);
}

bool is_text_or_null(const JsonScalar& value) {
  return value.kind == JsonScalar::Kind::text || value.kind == JsonScalar::Kind::null;
}

class KeyVisitor : public JsonVisitor {
 public:
  explicit KeyVisitor(model::OrganizationId organization) : organization_(organization) {}

  bool open(std::string_view name, JsonContainer container) override {
    if (skipped_ > 0) return ++skipped_ > 0;
    switch (place_) {
      case Place::outside:
        place_ = Place::key;
        return container == JsonContainer::object || wrong("is no JSON object");
      case Place::key:
        if (is_key_text(name)) return wrong("has a field of the wrong type");
        if (name != "roles") return ++skipped_ > 0;
        place_ = Place::roles;
        has_roles_ = true;
        return container == JsonContainer::array || wrong("has 'roles' that are no list");
      case Place::roles:
        place_ = Place::role;
        role_ = {};
        return container == JsonContainer::object || wrong("has a role that is no object");
      case Place::role:
        if (is_role_text(name)) return wrong("has a role field of the wrong type");
        return ++skipped_ > 0;
    }
    return false;
  }

  bool close() override {
    if (skipped_ > 0) return --skipped_ >= 0;
    if (place_ == Place::role) return finish_role();
    place_ = place_ == Place::roles ? Place::key : Place::outside;
    return true;
  }

  bool scalar(std::string_view name, const JsonScalar& value) override {
    if (skipped_ > 0) return true;
    switch (place_) {
      case Place::outside:
        return wrong("is no JSON object");
      case Place::key:
        return key_field(name, value);
      case Place::roles:
        return wrong("has a role that is no object");
      case Place::role:
        return role_field(name, value);
    }
    return false;
  }

  tl::expected<model::KeyRecord, std::string> finish() {
    if (!has_id_) return tl::unexpected(std::string("has no 'id'"));
    if (!has_roles_) return tl::unexpected(std::string("has no 'roles'"));
    auto& roles = record_.roles;
    std::sort(roles.begin(), roles.end());
    roles.erase(std::unique(roles.begin(), roles.end()), roles.end());
    return std::move(record_);
  }

  /// What was wrong with the form; empty if the JSON itself is.
  std::string_view problem() const { return problem_; }

 private:
  enum class Place { outside, key, roles, role };

  struct RoleFields {
    std::string name;
    std::optional<std::string> organization;
    std::optional<std::string> project;
  };

  static bool is_key_text(std::string_view name) {
    return name == "id" || name == "desc" || name == "publicKey" || name == "privateKey";
  }
  static bool is_role_text(std::string_view name) {
    return name == "roleName" || name == "orgId" || name == "groupId";
  }

  bool wrong(std::string_view problem) {
    problem_ = problem;
    return false;
  }

  bool key_field(std::string_view name, const JsonScalar& value) {
    if (name == "roles") return wrong("has 'roles' that are no list");
    if (!is_key_text(name)) return true;
    if (!is_text_or_null(value)) return wrong("has a field of the wrong type");
    if (name == "desc") record_.description = value.text;
    if (name == "publicKey") record_.public_key = value.text;
    if (name == "privateKey") record_.private_key_exposed = is_private_key(value.text);
    if (name != "id") return true;
    const auto id = model::KeyId::parse(value.text);
    if (!id) return wrong("has an 'id' that is not 24 hex digits");
    record_.id = *id;
    has_id_ = true;
    return true;
  }

  bool role_field(std::string_view name, const JsonScalar& value) {
    if (!is_role_text(name)) return true;
    if (!is_text_or_null(value)) return wrong("has a role field of the wrong type");
    if (value.kind == JsonScalar::Kind::null) return true;
    if (name == "roleName") role_.name = value.text;
    if (name == "orgId") role_.organization = value.text;
    if (name == "groupId") role_.project = value.text;
    return true;
  }

  bool finish_role() {
    if (role_.name.empty()) return wrong("has a role without a name");
    if (role_.name.size() > kLongestRoleName) return wrong("has an overlong role name");
    record_.roles.push_back({std::move(role_.name), scope_of(role_)});
    place_ = Place::roles;
    return true;
  }

  /// Exactly one of the two owners, and one that makes sense for this key, else unknown.
  model::Scope scope_of(const RoleFields& role) const {
    if (role.organization.has_value() == role.project.has_value()) return model::Scope::unknown();
    if (role.organization) {
      return model::OrganizationId::parse(*role.organization) == organization_
                 ? model::Scope::own_organization()
                 : model::Scope::unknown();
    }
    const auto project = model::ProjectId::parse(*role.project);
    return project ? model::Scope::of_project(*project) : model::Scope::unknown();
  }

  model::OrganizationId organization_;
  model::KeyRecord record_;
  RoleFields role_;
  Place place_ = Place::outside;
  int skipped_ = 0;  // containers open at a place that is passed over
  bool has_id_ = false;
  bool has_roles_ = false;
  std::string_view problem_;  // a literal
};

/// A key inside a larger text: the events between its braces belong to a visitor of its own.
class KeyWithin {
 public:
  explicit KeyWithin(model::OrganizationId organization) : organization_(organization) {}

  bool reading() const { return depth_ > 0; }

  bool open(std::string_view name, JsonContainer container) {
    if (depth_++ == 0) visitor_.emplace(organization_);
    return visitor_->open(name, container);
  }
  /// Afterwards the key is whole unless still reading().
  bool close() {
    --depth_;
    return visitor_->close();
  }
  bool scalar(std::string_view name, const JsonScalar& value) {
    return visitor_->scalar(name, value);
  }

  tl::expected<model::KeyRecord, std::string> finish() { return visitor_->finish(); }
  std::string_view problem() const { return visitor_ ? visitor_->problem() : std::string_view(); }

 private:
  model::OrganizationId organization_;
  std::optional<KeyVisitor> visitor_;
  int depth_ = 0;
};

class CallerVisitor : public JsonVisitor {
 public:
  explicit CallerVisitor(model::OrganizationId organization) : key_(organization) {}

  bool open(std::string_view name, JsonContainer container) override {
    if (key_.reading()) return key_.open(name, container);
    if (depth_ == 1 && name == "apiKey") {
      answered_ = true;
      return key_.open(name, container);
    }
    return ++depth_ > 0;
  }

  bool close() override {
    if (!key_.reading()) return --depth_ >= 0;
    if (!key_.close()) return false;
    if (key_.reading()) return true;
    auto key = key_.finish();
    if (!key) return false;
    caller_ = *std::move(key);
    return true;
  }

  bool scalar(std::string_view name, const JsonScalar& value) override {
    if (key_.reading()) return key_.scalar(name, value);
    if (depth_ != 1 || name != "apiKey") return true;
    answered_ = true;
    return value.kind == JsonScalar::Kind::null;
  }

  tl::expected<std::optional<model::KeyRecord>, std::string> finish() {
    if (!answered_) return tl::unexpected(std::string("has no 'apiKey'"));
    return std::move(caller_);
  }

  std::string_view problem() const { return key_.problem(); }

 private:
  KeyWithin key_;
  std::optional<model::KeyRecord> caller_;
  int depth_ = 0;  // of containers outside the key
  bool answered_ = false;
};

template <typename Visitor>
auto read_with(Visitor visitor, std::string_view json) -> decltype(visitor.finish()) {
  if (auto problem = read_json(json, visitor)) {
    return tl::unexpected(visitor.problem().empty() ? std::move(*problem)
                                                    : std::string(visitor.problem()));
  }
  return visitor.finish();
}

}  // namespace

tl::expected<model::KeyRecord, std::string> parse_key(std::string_view json,
                                                      model::OrganizationId organization) {
  return read_with(KeyVisitor(organization), json);
}

tl::expected<std::optional<model::KeyRecord>, std::string> parse_caller(
    std::string_view json, model::OrganizationId organization) {
  return read_with(CallerVisitor(organization), json);
}

}  // namespace aka::atlas
