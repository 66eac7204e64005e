#!/usr/bin/env python3
"""Requests per poll, counted by the server: five minutes at an interval of a second, with nonces
that live for a minute, by one key and by fifty, with a service account, and of 10,000 keys in 20
organizations by lists, at an interval of a minute."""
import re
import sys

import bench
import harness

SECONDS = int(sys.argv[1]) if len(sys.argv) > 1 else 300
CASES = {"digest, 1 key": ["--keys", 1], "digest, 50 keys": ["--keys", 50],
         "service account, 50 keys": ["--keys", 50, "--config-credential", "service-account",
                                      "--config-api", "v2"]}
LISTS = "lists, 10,000 keys"

with bench.stage() as case:
    sims = {}
    for number, (name, arguments) in enumerate(CASES.items()):
        sims[name], config = bench.generated(case, *arguments, "--config-interval", "1s",
                                             name=f"auditor{number}")
        case.keep(harness.Daemon(case, config))
    lists, config = bench.generated(case, "--keys", 10000, "--organizations", 20,
                                    "--config-credential", "service-account", "--config-api", "v2",
                                    "--config-interval", "1m", name="lists")
    config.write_text(re.sub(r"(\n    credential: .*)", r"\1\n    fetch: list", config.read_text()))
    listing = case.keep(harness.Daemon(case, config))
    bench.run_for(SECONDS)
    ratios, polls = {}, {}
    routes = lists.stats()["byRoute"]
    polls[LISTS] = int(listing.polls())
    ratios[LISTS] = (routes["list_keys"] + routes.get("get_key", 0)) / polls[LISTS]
    # What was not conclusive would have cost less.
    held = set(bench.outcomes(listing.metrics())) == {"compliant"}
    for name, sim in sims.items():
        stats = sim.stats()
        # Every poll of a healthy key gets one 200.
        polls[name] = stats["byStatus"]["200"] - stats["byRoute"].get("token", 0)
        ratios[name] = stats["byRoute"]["get_key"] / polls[name]

bench.verdict(
    "requests per poll",
    ", ".join(f"{name}: {ratio:.4f} ({polls[name]} polls)" for name, ratio in ratios.items()),
    *((f"{name} above {bar}", ratios[name] <= bar)
      for name, bar in zip(CASES, (1.02, 1.02, 1.0))),
    (f"{LISTS} above 0.003", ratios[LISTS] <= 0.003),
    ("a key read by lists is not compliant", held))
