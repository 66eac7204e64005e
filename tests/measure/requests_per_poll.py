#!/usr/bin/env python3
"""Requests per poll, counted by the server: five minutes at an interval of a second, with nonces
that live for a minute, by one key and by fifty, and with a service account."""
import sys

import bench
import harness

SECONDS = int(sys.argv[1]) if len(sys.argv) > 1 else 300
CASES = {"digest, 1 key": ["--keys", 1], "digest, 50 keys": ["--keys", 50],
         "service account, 50 keys": ["--keys", 50, "--config-credential", "service-account",
                                      "--config-api", "v2"]}

with bench.stage() as case:
    sims = {}
    for number, (name, arguments) in enumerate(CASES.items()):
        sims[name], config = bench.generated(case, *arguments, "--config-interval", "1s",
                                             name=f"auditor{number}")
        case.keep(harness.Daemon(case, config))
    bench.run_for(SECONDS)
    ratios, polls = {}, {}
    for name, sim in sims.items():
        stats = sim.stats()
        # Every poll of a healthy key gets one 200.
        polls[name] = stats["byStatus"]["200"] - stats["byRoute"].get("token", 0)
        ratios[name] = stats["byRoute"]["get_key"] / polls[name]

bench.verdict(
    "requests per poll",
    ", ".join(f"{name}: {ratio:.4f} ({polls[name]} polls)" for name, ratio in ratios.items()),
    *((f"{name} above {bar}", ratios[name] <= bar)
      for name, bar in zip(CASES, (1.02, 1.02, 1.0))))
