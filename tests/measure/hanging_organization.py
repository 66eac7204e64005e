#!/usr/bin/env python3
"""How late the polls of one organization are while another one hangs: 50 keys each, by the times
at which the server logs the requests."""
import datetime
import math
import re
import sys

import bench
import harness

SECONDS = int(sys.argv[1]) if len(sys.argv) > 1 else 60
INTERVAL = int(sys.argv[2]) if len(sys.argv) > 2 else 5


def lateness(log, organization, interval):
    """Behind the earliest phase that a key ever had: seconds, of every request."""
    times = {}
    for stamp, key in re.findall(
            rf"^\[([^\]]+)\] .*GET \S+/orgs/{organization}/apiKeys/(\w+) 200$", log, re.MULTILINE):
        times.setdefault(key, []).append(datetime.datetime.fromisoformat(stamp).timestamp())
    late = []
    for key in times.values():
        rounds = [round((time - key[0]) / interval) for time in key]
        phases = [time - number * interval for time, number in zip(key, rounds)]
        late += [phase - min(phases) for phase in phases]
    return sorted(late)


with bench.stage() as case:
    sim, config = bench.generated(case, "--keys", 100, "--organizations", 2, "--config-interval",
                                  f"{INTERVAL}s", log_level="debug")
    healthy, sick = re.findall(r'^  - id: "(\w+)"', config.read_text(), re.MULTILINE)
    sim.fault("delay", org=sick, delay="10m", stage="arrival")
    daemon = case.keep(harness.Daemon(case, config))
    bench.run_for(SECONDS)
    counts = bench.outcomes(daemon.metrics())
    daemon.stop()
    sim.stop()
    late = lateness(sim.stdout + sim.stderr, healthy, INTERVAL)

p99 = late[math.ceil(len(late) * 0.99) - 1]
bench.verdict("hanging organization",
              f"{len(late)} polls of the other at {INTERVAL} s, late by {p99 * 1e3:.0f} ms "
              f"({p99 / INTERVAL:.2%}) at p99, {late[-1] * 1e3:.0f} ms at most; outcomes {counts}",
              ("1% of the interval", p99 < 0.01 * INTERVAL),
              ("polls were left out", len(late) >= 50 * (SECONDS // INTERVAL)))
