// From an answer to the table, the step and the report. Entry points: poll() and discover(). The
// order of the steps is locked over both a change and its step, so that they come in one order.
#include "audit/recorder.h"

#include <utility>

#include "policy/confirmation.h"

namespace aka::audit {

Recorder::Recorder(std::size_t organization, const Common& common)
    : of_(common.table.roster()->organizations[organization]),
      organization_(organization),
      table_(common.table),
      order_(common.order),
      owed_(common.owed),
      retired_(common.retired),
      observers_(common.observers),
      clock_(common.clock) {}

std::optional<model::KeyStatus> Recorder::poll(std::size_t key, model::Answer answer,
                                               const atlas::Traffic& traffic,
                                               std::chrono::nanoseconds lateness, Request request) {
  const model::Observation observation{of_.keys[key].id, std::move(answer), traffic.http_status,
                                       clock_.wall(), clock_.steady()};
  std::optional<policy::Advance> advance = step(key, observation, request);
  if (!advance) return std::nullopt;
  observers_.poll({of_, of_.keys[key], observation, traffic, *advance, lateness});
  return std::move(advance->after);
}

std::optional<policy::Advance> Recorder::step(std::size_t key,
                                              const model::Observation& observation,
                                              Request request) {
  policy::Advance advance;
  model::OrganizationStatus of;
  const bool counts = request == Request::own || model::is_conclusive(observation);
  const std::scoped_lock order(order_);
  if (retired_) return std::nullopt;
  owed_.settle(of_.first_key + key);
  table_.update(of_.first_key + key, organization_,
                [&](model::KeyStatus& status, model::OrganizationStatus& organization) {
                  policy::forget_outage(status, organization);
                  advance = policy::advance(status, of_.keys[key], observation);
                  status = advance.after;
                  if (counts) policy::note_poll(organization, observation);
                  of = organization;
                });
  observers_.steps.key({Mover::poll, of_, of_.keys[key], advance, of});
  return advance;
}

std::optional<policy::DiscoveryAdvance> Recorder::discover(
    const std::function<
        policy::DiscoveryAdvance(const std::shared_ptr<const model::Discovery>& before)>& change) {
  policy::DiscoveryAdvance advance;
  model::OrganizationStatus of;
  const std::scoped_lock order(order_);
  if (retired_) return std::nullopt;
  table_.update_organization(organization_, [&](model::OrganizationStatus& status) {
    advance = change(status.discovery);
    status.discovery = advance.after;
    of = status;
  });
  observers_.steps.discovery({Mover::poll, of_, advance, of});
  return advance;
}

}  // namespace aka::audit
