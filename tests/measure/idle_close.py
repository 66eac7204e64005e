#!/usr/bin/env python3
"""300 polls and more through nginx, which closes TLS connections that were idle for 2 s: polled
every 3 s, and every 2 s, where closing and asking meet."""
import bench
import harness
import servers

POLLS = 300

with bench.stage() as case:
    authority = servers.Authority(case.directory)
    pair = authority.issue("nginx")
    daemons = {}
    for interval in (3, 2):
        # An organization for each key, so that every connection rests between two polls.
        sim, config = bench.generated(case, "--keys", 25, "--organizations", 25,
                                      "--config-interval", f"{interval}s",
                                      name=f"auditor{interval}")
        url = servers.nginx(case, sim.url, *pair, keepalive="2s")
        config.write_text(config.read_text().replace(
            sim.url, f"{url}\n  ca_file: {authority.ca}"))
        daemons[interval] = case.keep(harness.Daemon(case, config))
    counts = {}
    for interval, daemon in daemons.items():
        harness.wait_for(f"{POLLS} polls", lambda: daemon.polls() >= POLLS, 120)
        counts[interval] = bench.outcomes(daemon.metrics())

bench.verdict("idle close", ", ".join(f"every {interval} s: {count}"
                                      for interval, count in counts.items()),
              ("errors", all(set(count) == {"compliant"} for count in counts.values())))
