// The page of N keys in 20 organizations, a dozen series a key: rendered from a snapshot, and the
// same series from prometheus-cpp's registry.
#include <benchmark/benchmark.h>
#include <memory>
#include <string>

#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "metrics/exposition.h"
#include "metrics/page.h"
#include "metrics/world.h"

namespace aka::metrics {
namespace {

using std::chrono::minutes;

/// Every other key drifts; so a key has 11 or 13 series.
model::Snapshot snapshot_of(std::int64_t keys) {
  constexpr std::int64_t kOrganizations = 20;
  model::Finding finding;
  finding.kind = model::FindingKind::role_unexpected;
  finding.role = "GROUP_OWNER";
  finding.project_id = "5f1a2b3c4d5e6f7a8b9c0d2f";
  finding.since = testing::World::kWall - minutes(30);
  testing::World world;
  for (std::int64_t i = 0; i < keys; ++i) {
    if (i % (keys / kOrganizations) == 0) {
      world.add_organization("org-" + std::to_string(i));
      world.status().last_conclusive = testing::World::kSteady;
      world.status().rate_limit_remaining = 87;
    }
    world.add_key("deployer-" + std::to_string(i), i % 2 == 0
                                                       ? testing::judged({}, minutes(2))
                                                       : testing::judged({finding}, minutes(2)));
  }
  return world.snapshot();
}

void count_page(benchmark::State& state) {
  const model::Snapshot snapshot = snapshot_of(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(exposition_length(snapshot));
}

void write_page(benchmark::State& state) {
  const model::Snapshot snapshot = snapshot_of(state.range(0));
  std::size_t bytes = 0;
  for (auto _ : state) {
    write_exposition(snapshot, [&](std::string_view block) {
      bytes += block.size();
      return true;
    });
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}

/// As a scrape does it.
void count_and_write_page(benchmark::State& state) {
  const model::Snapshot snapshot = snapshot_of(state.range(0));
  std::size_t bytes = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(exposition_length(snapshot));
    write_exposition(snapshot, [&](std::string_view block) {
      bytes += block.size();
      return true;
    });
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}

void same_series_in_registry(benchmark::State& state) {
  prometheus::Registry registry;
  const testing::Page page(testing::render(snapshot_of(state.range(0))));
  for (const auto& [name, family] : page.families()) {
    auto& gauges = prometheus::BuildGauge().Name(name).Help(family.help).Register(registry);
    for (const auto& [labels, value] : family.series.at(name)) gauges.Add(labels).Set(value);
  }
  for (auto _ : state) {
    benchmark::DoNotOptimize(prometheus::TextSerializer().Serialize(registry.Collect()));
  }
}

BENCHMARK(count_page)->Arg(10000)->Arg(100000)->Unit(benchmark::kMillisecond);
BENCHMARK(write_page)->Arg(10000)->Arg(100000)->Unit(benchmark::kMillisecond);
BENCHMARK(count_and_write_page)->Arg(10000)->Arg(100000)->Unit(benchmark::kMillisecond);
BENCHMARK(same_series_in_registry)->Arg(10000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace aka::metrics
