// Findings in words, for the formats that other programs show to people. The text report has a
// diff instead.
#include "report/finding_text.h"

#include <array>

#include <fmt/format.h>

#include "base/utc_time.h"
#include "policy/waivers.h"
#include "report/printable.h"

namespace aka::report {
namespace {

using model::Finding;
using model::FindingKind;

constexpr std::array<KindText, model::kFindingKinds.size()> kTexts{{
    {"The key holds a role that its policy forbids",
     "Whoever has the key can do what was ruled out for it.",
     "Take the role away, or change the policy if it was meant. If it must stay for a while, waive "
     "it with a date and a reason."},
    {"The key holds a role that its policy does not name",
     "The key was given more, or something else, than was written down. It is critical if nothing "
     "that the policy grants implies the role.",
     "Take the role away, or name it in the policy if it was meant."},
    {"The key lacks a role that its policy requires",
     "What uses the key may have stopped working, and the key is not as it was written down.",
     "Give the role back, or take it out of the policy."},
    {"The key has another description than its policy says",
     "The description tells people whose key it is and what for.",
     "Set the description, or change the policy."},
    {"Another public key stands under the key's id",
     "The key was replaced by another one, by whom and why is not known.",
     "Find out who replaced it. If it was meant, change `public_key` in the configuration."},
    {"The service showed the key's private key",
     "Whoever read the answer can use the key. The text was not kept.",
     "Create another key, hand it over, and delete this one."},
    {"The key does not exist", "It was deleted, or it never was in this organization.",
     "If it was deleted on purpose, set `expect: absent` for it in the configuration. If not, "
     "create another key and put its id there."},
    {"A key that must stay deleted exists", "It can be used again.",
     "Delete it, or give it a policy if it is wanted again."},
    {"A key exists that the configuration does not list",
     "Nobody wrote down what it is for and what it may do.",
     "List it with a policy (`atlas-key-auditor init` prints one), or delete it."},
}};

std::string quoted(const std::string& text) {
  return text.empty() ? "none" : fmt::format("'{}'", printable(text));
}

std::string predicate_of(const Finding& finding) {
  const std::string role = printable(role_of(finding));
  switch (finding.kind) {
    case FindingKind::role_forbidden:
      return finding.expected.empty() ? fmt::format("holds {}, which its policy forbids", role)
                                      : fmt::format("holds {}, which its policy forbids ({})", role,
                                                    printable(finding.expected));
    case FindingKind::role_unexpected:
      return fmt::format("holds {}, which its policy does not name", role);
    case FindingKind::role_missing:
      return fmt::format("lacks {}, which its policy requires", role);
    case FindingKind::description_mismatch:
      return fmt::format("has the description {}, and should have {}", quoted(finding.actual),
                         quoted(finding.expected));
    case FindingKind::public_key_changed:
      return fmt::format("has the public key {}, and should have {}", quoted(finding.actual),
                         quoted(finding.expected));
    case FindingKind::private_key_exposed:
      return "was shown with its private key";
    case FindingKind::key_missing:
      return "does not exist";
    case FindingKind::key_present:
      return "exists, and must stay deleted";
    case FindingKind::unmanaged_key:
      return "exists, and the configuration does not list it";
  }
  return "";
}

}  // namespace

const KindText& text_of(FindingKind kind) { return kTexts[static_cast<std::size_t>(kind)]; }

std::string role_of(const Finding& finding) {
  return finding.project_id.empty() ? finding.role
                                    : fmt::format("{}@{}", finding.role, finding.project_id);
}

std::string sentence_of(const KeyView& view, const Finding& finding) {
  return fmt::format("{} {}", printable(view.organization.name + "/" + view.key.name),
                     predicate_of(finding));
}

std::string outcome_of(const model::KeyStatus& status) {
  std::string outcome(to_string(status.state));
  if (status.reason != model::Reason::none) outcome += fmt::format("/{}", to_string(status.reason));
  return outcome;
}

std::string why_unjudged(const model::KeyStatus& status) {
  if (status.message != nullptr) return printable(*status.message);
  return status.state == model::State::pending ? "the key was not polled"
                                               : "the poll proved nothing about the key";
}

std::string unread_list_text(const model::Organization& organization) {
  return fmt::format("The list of keys of {} was not read to its end, so that more may be unlisted",
                     printable(organization.name));
}

std::string forgiveness_of(const KeyView& view, const Finding& finding, base::WallTime now) {
  const model::Waiver* const waiver = policy::forgiving(finding, view.key, now);
  if (waiver == nullptr) return "waived";
  return printable(fmt::format("waived until {}{}: {}", base::format_utc(waiver->until),
                               waiver->ticket.empty() ? "" : " (" + waiver->ticket + ")",
                               waiver->reason));
}

}  // namespace aka::report
