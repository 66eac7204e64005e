// From open findings to commands of the Atlas CLI. `assign` replaces every role that a key has on
// the organization or project named, so a command must list them all: it can only for exact rules,
// and leaves the list to a person otherwise.
// Source of the syntax:
// https://www.mongodb.com/docs/atlas/cli/current/command/atlas-organizations-apiKeys/
#include "report/mend.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "report/printable.h"

namespace aka::report {
namespace {

using model::Finding;
using model::FindingKind;

constexpr std::string_view kKeepHere = "'<every role it should keep there>'";

/// A text as one word of a POSIX shell; a hint where it could not be pasted faithfully.
std::string shell_word(std::string_view text, std::string_view hint) {
  if (printable(text) != text) return fmt::format("'<{}>'", hint);
  std::string word = "'";
  for (const char symbol : text) {
    if (symbol == '\'') {
      word += R"('\'')";
    } else {
      word += symbol;
    }
  }
  return word + "'";
}

bool is_bare_word(std::string_view text) {
  return !text.empty() && text.find_first_not_of(
                              "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                              "0123456789_,") == std::string_view::npos;
}

bool is_role_finding(const Finding& finding) {
  return finding.kind == FindingKind::role_forbidden ||
         finding.kind == FindingKind::role_unexpected || finding.kind == FindingKind::role_missing;
}

/// The open findings of one key, and the words that its commands share.
class Mender {
 public:
  explicit Mender(const KeyView& view)
      : key_(view.key),
        id_(view.key.id.to_string()),
        on_organization_("--orgId " + view.organization.id.to_string()) {
    std::ranges::copy_if(findings_of(view.status), std::back_inserter(open_),
                         [](const Finding& finding) { return !finding.waived; });
  }

  std::vector<Step> steps() {
    if (has(FindingKind::private_key_exposed)) replace_key();
    if (has(FindingKind::key_present)) delete_key();
    if (has(FindingKind::unmanaged_key)) {
      add("List it in the configuration with a policy, or delete it.", delete_command());
    }
    if (has(FindingKind::key_missing)) restore_key();
    if (has(FindingKind::public_key_changed)) question_public_key();
    if (must_choose_roles()) add("See which roles it has.", describe_command());
    mend_organization();
    mend_projects();
    return std::move(steps_);
  }

 private:
  bool has(FindingKind kind) const {
    return std::ranges::find(open_, kind, &Finding::kind) != open_.end();
  }

  bool must_choose_roles() const {
    return !is_exact() && std::ranges::any_of(open_, is_role_finding);
  }

  void add(std::string advice, std::string command = {}) {
    steps_.push_back({std::move(advice), std::move(command)});
  }

  void replace_key() {
    add("Somebody may have read its private key: create another key, hand it over, then delete "
        "this one.",
        delete_command());
  }

  void delete_key() {
    add("Delete it, or give it a policy in the configuration if it is wanted again.",
        delete_command());
  }

  void restore_key() {
    add("If it was deleted on purpose, set `expect: absent` for it in the configuration. If not, "
        "create another key and put its id there.",
        fmt::format("atlas organizations apiKeys create {} --desc {} --role {}", on_organization_,
                    wanted_description(), wanted_roles(std::nullopt, "'<its roles>'")));
  }

  void question_public_key() {
    add("Another key stands under this id: find out who replaced it. If it was meant, change "
        "`public_key` in the configuration.");
  }

  std::string delete_command() const {
    return fmt::format("atlas organizations apiKeys delete {} {}", id_, on_organization_);
  }

  std::string describe_command() const {
    return fmt::format("atlas organizations apiKeys describe {} {}", id_, on_organization_);
  }

  std::string wanted_description() const {
    if (key_.policy == nullptr || !key_.policy->description) return "'<its description>'";
    if (const auto* exact = std::get_if<std::string>(&*key_.policy->description)) {
      return shell_word(*exact, "the description of the policy");
    }
    return shell_word(
        fmt::format("<a text that fits {}>",
                    std::get<base::TextPattern>(*key_.policy->description).expression()),
        "a text that fits the policy");
  }

  bool is_exact() const {
    return key_.policy != nullptr && key_.policy->roles && key_.policy->roles->exact;
  }

  /// All roles that exact rules ask for on the project, or on the organization; else `otherwise`.
  std::string wanted_roles(const std::optional<std::string>& project,
                           std::string_view otherwise) const {
    if (!is_exact()) return std::string(otherwise);
    std::set<std::string> names;
    for (const model::RolePattern& pattern : key_.policy->roles->required) {
      if (pattern.project_text() == project.value_or("")) names.insert(pattern.name);
    }
    const std::string list = fmt::format("{}", fmt::join(names, ","));
    return is_bare_word(list) || list.empty() ? list : shell_word(list, "the roles of the policy");
  }

  void mend_organization() {
    const bool roles = std::ranges::any_of(open_, [](const Finding& finding) {
      return is_role_finding(finding) && finding.project_id.empty();
    });
    if (roles) mend_organization_roles();
    if (has(FindingKind::description_mismatch)) {
      add("Set its description.", fmt::format("atlas organizations apiKeys assign {} {} --desc {}",
                                              id_, on_organization_, wanted_description()));
    }
  }

  void mend_organization_roles() {
    const std::string names = wanted_roles(std::nullopt, kKeepHere);
    if (names.empty()) {
      add("Atlas leaves no key without a role on the organization: allow ORG_MEMBER in its policy, "
          "or delete it.",
          delete_command());
      return;
    }
    add(advice_on_roles("the organization"),
        fmt::format("atlas organizations apiKeys assign {} {} --role {}", id_, on_organization_,
                    names));
  }

  std::string advice_on_roles(std::string_view where) const {
    if (is_exact()) {
      return fmt::format("Give it the roles of its policy on {}, and no others.", where);
    }
    return fmt::format("Name every role that it should keep on {}: they replace those it has.",
                       where);
  }

  void mend_projects() {
    std::set<std::string> projects;
    for (const Finding& finding : open_) {
      if (is_role_finding(finding)) projects.insert(finding.project_id);
    }
    projects.erase("");
    for (const std::string& project : projects) mend_project(project);
  }

  void mend_project(const std::string& project) {
    if (project == "unknown") {
      add("A role of it acts on neither this organization nor a project: look at it in Atlas.",
          describe_command());
      return;
    }
    if (project == "*") {
      add("Give it a role that fits on one of the projects.",
          fmt::format("atlas projects apiKeys assign {} --projectId '<id>' --role {}", id_,
                      kKeepHere));
      return;
    }
    const std::string names = wanted_roles(project, kKeepHere);
    if (names.empty()) {
      add(fmt::format("Take it out of the project {}.", project),
          fmt::format("atlas projects apiKeys delete {} --projectId {}", id_, project));
      return;
    }
    add(advice_on_roles("the project " + project),
        fmt::format("atlas projects apiKeys assign {} --projectId {} --role {}", id_, project,
                    names));
  }

  const model::Key& key_;
  const std::string id_;
  const std::string on_organization_;
  model::Findings open_;
  std::vector<Step> steps_;
};

}  // namespace

std::vector<Step> mend(const KeyView& view) { return Mender(view).steps(); }

}  // namespace aka::report
