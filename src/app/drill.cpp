// A drill on the daemon's side. Entry point: run_drill(). It waits by looking ten times a second:
// drills are rare, and the deliveries it waits for come on threads of their own.
#include "app/drill.h"

#include <algorithm>
#include <array>
#include <poll.h>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/log.h"

namespace aka::app {
namespace {

using nlohmann::json;

constexpr std::chrono::milliseconds kLook{100};
/// For the resolve to be taken; whoever has not by then is told of.
constexpr std::chrono::seconds kPatience{30};
constexpr std::chrono::hours kLongest{24};

struct PretenceName {
  incident::Pretence what;
  const char* name;
};
constexpr std::array<PretenceName, 3> kPretences{
    {{incident::Pretence::role_added, "role_added"},
     {incident::Pretence::role_removed, "role_removed"},
     {incident::Pretence::description_changed, "description_changed"}}};

std::string line_of(const json& message) {
  return message.dump(-1, ' ', false, json::error_handler_t::replace);
}

void wait_a_moment(const base::StopSignal& stop) {
  pollfd wait{stop.descriptor(), POLLIN, 0};
  ::poll(&wait, 1, static_cast<int>(kLook.count()));
}

class Session {
 public:
  Session(Chronicle& chronicle, const base::Clock& clock, const platform::Say& say,
          const base::StopSignal& stop)
      : chronicle_(chronicle), clock_(clock), say_(say), stop_(stop) {}

  void run(const DrillTarget& target, const model::Finding& finding, std::chrono::seconds lasts) {
    static_cast<void>(chronicle_.drill_news());
    const auto alert = chronicle_.begin_drill(*target.organization, *target.key, finding);
    if (alert == nullptr) {
      tell({{"event", "error"}, {"message", "a drill of this key is under way; wait for its end"}});
      return;
    }
    for (const std::string& sink : chronicle_.receivers()) {
      awaited_.insert(sink + " firing");
      awaited_.insert(sink + " resolved");
    }
    log::warning("drill_begun",
                 {{"key_id", target.key->id.to_string()}, {"message", alert->summary}});
    tell({{"event", "begun"},
          {"summary", alert->summary},
          {"labels", alert->labels},
          {"receivers", chronicle_.receivers()},
          {"seconds", lasts.count()}});
    follow(clock_.steady() + lasts, [] { return false; });
    chronicle_.end_drills(*target.organization, *target.key);
    tell({{"event", "ended"}});
    follow(clock_.steady() + kPatience, [this] { return awaited_.empty(); });
    tell({{"event", "done"}, {"missing", awaited_}});
    log::info("drill_ended", {{"key_id", target.key->id.to_string()},
                              {"missing", fmt::format("{}", fmt::join(awaited_, ", "))}});
  }

 private:
  void tell(const json& message) { static_cast<void>(say_(line_of(message))); }

  template <typename Done>
  void follow(base::SteadyTime until, const Done& done) {
    while (!done() && !stop_.requested() && clock_.steady() < until) {
      wait_a_moment(stop_);
      for (const Chronicle::Told& told : chronicle_.drill_news()) {
        const char* const status = told.resolved ? "resolved" : "firing";
        awaited_.erase(told.sink + " " + status);
        tell({{"event", "told"}, {"sink", told.sink}, {"status", status}});
      }
    }
  }

  Chronicle& chronicle_;
  const base::Clock& clock_;
  const platform::Say& say_;
  const base::StopSignal& stop_;
  std::set<std::string> awaited_;  // "webhook:soc firing"
};

}  // namespace

std::string to_line(const DrillRequest& request) {
  const auto named = std::ranges::find(kPretences, request.pretended.what, &PretenceName::what);
  return line_of({{"command", "drill"},
                  {"organization", request.organization},
                  {"key", request.key},
                  {"pretence", named->name},
                  {"text", request.pretended.text},
                  {"seconds", request.lasts.count()}});
}

std::optional<DrillRequest> parse_drill(std::string_view line) try {
  const json read = json::parse(line);
  if (read.at("command") != "drill") return std::nullopt;
  DrillRequest request;
  read.at("organization").get_to(request.organization);
  read.at("key").get_to(request.key);
  read.at("text").get_to(request.pretended.text);
  const auto seconds = read.at("seconds").get<long long>();
  if (seconds < 0 || std::chrono::seconds(seconds) > kLongest) return std::nullopt;
  request.lasts = std::chrono::seconds(seconds);
  const auto named =
      std::ranges::find(kPretences, read.at("pretence").get<std::string>(),
                        [](const PretenceName& one) { return std::string(one.name); });
  if (named == kPretences.end()) return std::nullopt;
  request.pretended.what = named->what;
  return request;
} catch (const std::exception&) {
  return std::nullopt;
}

base::Result<DrillTarget> find_target(const model::Roster& roster, const DrillRequest& request) {
  const auto organization =
      std::ranges::find(roster.organizations, request.organization, &model::Organization::name);
  if (organization == roster.organizations.end()) {
    return base::fail(base::ErrorKind::not_found,
                      fmt::format("no organization is named '{}' here", request.organization));
  }
  const auto key = std::ranges::find(organization->keys, request.key, &model::Key::name);
  if (key == organization->keys.end()) {
    return base::fail(base::ErrorKind::not_found,
                      fmt::format("no key of {} is named '{}'", request.organization, request.key));
  }
  return DrillTarget{&*organization, &*key};
}

void run_drill(const DrillRequest& request, const model::Roster& roster, Chronicle& chronicle,
               const base::Clock& clock, const platform::Say& say, const base::StopSignal& stop) {
  const auto refuse = [&](const std::string& why) {
    static_cast<void>(say(line_of({{"event", "error"}, {"message", why}})));
  };
  const auto target = find_target(roster, request);
  if (!target) return refuse(target.error().message);
  const auto finding = incident::pretend(request.pretended, *target->key, clock.wall());
  if (!finding) return refuse(finding.error().message);
  Session(chronicle, clock, say, stop).run(*target, *finding, request.lasts);
}

}  // namespace aka::app
