// From live keys to a first configuration. Entry point: bootstrap_yaml(). Texts of the service are
// written as double-quoted scalars, in which nothing but the escapes made here has a meaning;
// comments hold nothing of theirs that is not printable and in one line.
#include "report/bootstrap.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "base/redaction.h"
#include "base/section.h"
#include "base/utc_time.h"
#include "policy/role_order.h"
#include "report/printable.h"

namespace aka::report {
namespace {

using model::KeyRecord;
using model::Role;

constexpr std::size_t kLongestName = 63;
/// Descriptions that one policy lists, in bytes: what a reader bears, and far below what the
/// expression may have.
constexpr std::size_t kMostDescriptions = 4096;

bool is_letter_or_digit(char symbol) {
  return (symbol >= 'a' && symbol <= 'z') || (symbol >= 'A' && symbol <= 'Z') ||
         (symbol >= '0' && symbol <= '9');
}

/// The inside of a double-quoted scalar; hidden characters as escapes. `text` must be UTF-8.
std::string yaml_escaped(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const Character character = take_character(text);
    const auto code = static_cast<std::uint32_t>(character.code);
    if (code == '"' || code == '\\') {
      result += '\\';
      result += character.bytes;
    } else if (!is_hidden(character.code)) {
      result += character.bytes;
    } else if (code <= 0xFF) {
      result += fmt::format("\\x{:02x}", code);
    } else if (code <= 0xFFFF) {
      result += fmt::format("\\u{:04x}", code);
    } else {
      result += fmt::format("\\U{:08x}", code);
    }
  }
  return result;
}

/// A name as a scalar that no reader takes for a number, a truth or nothing.
std::string yaml_name(const std::string& name) {
  constexpr std::string_view kWords[]{"null", "true", "false", "yes", "no", "on", "off", "y", "n"};
  std::string lower = name;
  for (char& symbol : lower) {
    if (symbol >= 'A' && symbol <= 'Z') symbol = static_cast<char>(symbol - 'A' + 'a');
  }
  const bool plain = lower.front() >= 'a' && lower.front() <= 'z' &&
                     std::ranges::find(kWords, lower) == std::end(kWords);
  return plain ? name : fmt::format("\"{}\"", name);
}

/// An expression that fits this text alone.
std::string regex_escaped(std::string_view text) {
  std::string result;
  for (const char symbol : text) {
    const auto byte = static_cast<unsigned char>(symbol);
    if (byte < 0x20 || byte == 0x7F) {
      result += fmt::format("\\x{{{:x}}}", byte);
    } else {
      if (byte < 0x80 && symbol != ' ' && symbol != '_' && !is_letter_or_digit(symbol))
        result += '\\';
      result += symbol;
    }
  }
  return result;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    if (!take_character(text).valid) return false;
  }
  return true;
}

/// Whether a description can stand in a configuration.
bool can_be_written(const std::string& description) {
  return is_utf8(description) && !base::looks_secret(description);
}

/// Whether a policy has a way to name the role.
bool can_be_written(const Role& role) {
  return role.scope.kind != model::ScopeKind::unknown && !role.name.empty() &&
         std::ranges::all_of(
             role.name, [](char symbol) { return is_letter_or_digit(symbol) || symbol == '_'; });
}

std::string slug_of(std::string_view text) {
  std::string slug;
  for (const char symbol : text) {
    const bool kept = is_letter_or_digit(symbol) || symbol == '.' || symbol == '_';
    if (kept) {
      slug += symbol;
    } else if (!slug.empty() && slug.back() != '-') {
      slug += '-';
    }
    if (slug.size() == kLongestName) break;
  }
  while (!slug.empty() && slug.back() == '-') slug.pop_back();
  return slug;
}

/// A name that is not taken yet, and takes it.
std::string take_name(const std::string& wanted, std::set<std::string>& taken) {
  std::string name = wanted;
  for (int number = 2; !taken.insert(name).second; ++number) {
    const std::string suffix = fmt::format("-{}", number);
    name = wanted.substr(0, kLongestName - suffix.size()) + suffix;
  }
  return name;
}

/// Why a person should look at the grant; empty if nothing stands out.
std::string_view reason_to_review(const Role& role) {
  const auto& known = policy::known_roles();
  if (std::ranges::find(known, role.name, &policy::RoleEntry::name) == known.end())
    return "this version does not know the role, so it may grant anything";
  if (role.name == "ORG_OWNER") return "may do everything in the organization";
  if (role.name == "GROUP_OWNER") return "may do everything in the project";
  if (role.name.ends_with("_OWNER")) return "owns a part of it";
  if (role.name.ends_with("_ADMIN")) return "administers a part of it";
  if (role.name == "GROUP_ACCESS_MANAGER") return "gives access to others";
  return {};
}

struct PolicyDraft {
  std::string name;
  std::vector<Role> roles;
  std::vector<std::string> descriptions;  ///< different ones; none: not checked
  std::size_t bytes = 0;                  ///< of the descriptions
};

struct KeyDraft {
  const KeyRecord* record;
  std::string name;
  std::size_t policy;
};

class Bootstrap {
 public:
  Bootstrap(const model::Organization& organization, const std::vector<std::string>& policy_names)
      : organization_(organization), policy_names_(policy_names.begin(), policy_names.end()) {
    for (const model::Key& key : organization.keys) {
      key_names_.insert(key.name);
      seen_.insert(key.id);
    }
  }

  std::string write(const std::vector<KeyRecord>& records, base::WallTime now) {
    for (const KeyRecord& record : records) {
      if (seen_.insert(record.id).second) add(record);
    }
    const std::string whose =
        fmt::format("organization {} ({})", organization_.name, organization_.id.to_string());
    if (keys_.empty()) {
      return fmt::format("# Every key that {} holds at {} is configured already.\n", whose,
                         base::format_utc(now));
    }
    out_ = fmt::format(
        "# The keys that {} holds at {} and the\n"
        "# configuration does not list. This describes what is, not what should be: look at each\n"
        "# line marked `review:`, then add it to the configuration, or save it beside it as a "
        "file\n"
        "# of one directory.\n",
        whose, base::format_utc(now));
    out_ += "policies:\n";
    for (const PolicyDraft& draft : policies_) write_policy(draft);
    out_ += fmt::format("organizations:\n  - id: {}\n    keys:\n",
                        id_text(organization_.id.to_string()));
    for (const KeyDraft& draft : keys_) write_key(draft);
    return std::move(out_);
  }

 private:
  void add(const KeyRecord& record) {
    const bool named = can_be_written(record.description);
    const std::string slug = named ? slug_of(record.description) : std::string();
    const std::string wanted = slug.empty() ? record.id.to_string() : slug;
    keys_.push_back({&record, take_name(wanted, key_names_), policy_for(record, wanted)});
  }

  /// The number of a policy with the record's roles that accepts its description.
  std::size_t policy_for(const KeyRecord& record, const std::string& wanted_name) {
    std::vector<Role> roles;
    std::ranges::copy_if(record.roles, std::back_inserter(roles),
                         [](const Role& role) { return can_be_written(role); });
    std::ranges::sort(roles);
    roles.erase(std::unique(roles.begin(), roles.end()), roles.end());
    const bool described = can_be_written(record.description);
    Group& group = groups_[{roles, described}];
    if (!described) {
      if (!group.open) group.open = add_policy(wanted_name, std::move(roles));
      return *group.open;
    }
    const auto [place, added] = group.by_description.try_emplace(record.description, 0);
    if (!added) return place->second;
    const std::size_t size = record.description.size() + 1;
    if (!group.open || policies_[*group.open].bytes + size > kMostDescriptions)
      group.open = add_policy(wanted_name, std::move(roles));
    policies_[*group.open].descriptions.push_back(record.description);
    policies_[*group.open].bytes += size;
    return place->second = *group.open;
  }

  std::size_t add_policy(const std::string& wanted_name, std::vector<Role> roles) {
    policies_.push_back({take_name(wanted_name, policy_names_), std::move(roles), {}, 0});
    return policies_.size() - 1;
  }

  void write_policy(const PolicyDraft& draft) {
    out_ += fmt::format("  {}:\n", yaml_name(draft.name));
    write_description(draft.descriptions);
    if (draft.roles.empty()) {
      out_ += "    roles: {exact: []}\n";
      return;
    }
    out_ += "    roles:\n      exact:\n";
    for (const Role& role : draft.roles) {
      const std::string_view review = reason_to_review(role);
      out_ += fmt::format("        - {}{}{}\n", yaml_role(role),
                          review.empty() ? "" : "  # review: ", review);
    }
  }

  /// A role's name may look like a number; with a project it never does.
  static std::string yaml_role(const Role& role) {
    const std::string text = to_string(role);
    return text.find('@') == std::string::npos ? yaml_name(text) : text;
  }

  void write_description(const std::vector<std::string>& descriptions) {
    if (descriptions.empty()) {
      out_ +=
          "    # review: the description is not checked, since it is no text or looks like a "
          "secret\n";
    } else if (descriptions.size() == 1) {
      out_ += fmt::format("    description: \"{}\"\n", yaml_escaped(descriptions.front()));
    } else {
      write_alternatives(descriptions);
    }
  }

  /// One a line: an escaped line break joins lines, and swallows the spaces that the next begins
  /// with, so that one of the text's own must be an escape.
  void write_alternatives(const std::vector<std::string>& descriptions) {
    out_ += "    description:\n      regex: \"";
    for (std::size_t i = 0; i < descriptions.size(); ++i) {
      if (i > 0) out_ += "|\\\n        ";
      std::string text = yaml_escaped(regex_escaped(descriptions[i]));
      if (text.starts_with(' ')) text.replace(0, 1, "\\x20");
      out_ += text;
    }
    out_ += "\"\n";
  }

  /// 24 digits without a letter would be a number, and a huge one loses its last digits.
  static std::string id_text(const std::string& id) {
    const bool letters = std::ranges::any_of(id, [](char digit) { return digit > '9'; });
    const bool exponent = id.find('e') != std::string::npos;
    return letters && !exponent ? id : fmt::format("\"{}\"", id);
  }

  void write_key(const KeyDraft& draft) {
    const KeyRecord& record = *draft.record;
    out_ += fmt::format("      - id: {}\n        name: {}\n        policy: {}\n",
                        id_text(record.id.to_string()), yaml_name(draft.name),
                        yaml_name(policies_[draft.policy].name));
    const bool pinned =
        record.public_key.size() == 8 &&
        std::ranges::all_of(record.public_key, [](char c) { return c >= 'a' && c <= 'z'; });
    if (pinned) out_ += fmt::format("        public_key: {}\n", yaml_name(record.public_key));
    for (const Role& role : record.roles) {
      if (can_be_written(role)) continue;
      out_ += fmt::format("        # review: no policy can name {}, which it also holds\n",
                          base::shown(printable(to_string(role))));
    }
    if (record.private_key_exposed)
      out_ += "        # review: the service showed its private key; replace the key\n";
  }

  struct Group {
    std::optional<std::size_t> open;  ///< the policy that new descriptions go to
    std::map<std::string, std::size_t, std::less<>> by_description;
  };

  const model::Organization& organization_;
  std::set<std::string> policy_names_;
  std::set<std::string> key_names_;
  std::set<model::KeyId> seen_;
  std::map<std::pair<std::vector<Role>, bool>, Group> groups_;
  std::vector<PolicyDraft> policies_;
  std::vector<KeyDraft> keys_;
  std::string out_;
};

}  // namespace

std::string bootstrap_yaml(const std::vector<KeyRecord>& records,
                           const model::Organization& organization,
                           const std::vector<std::string>& policy_names, base::WallTime now) {
  return Bootstrap(organization, policy_names).write(records, now);
}

}  // namespace aka::report
