#!/usr/bin/env python3
"""For how long a reload stops the polls of 100,000 keys in 200 organizations, as the daemon says and
as the simulator's count of requests shows: with the same configuration, and with other policies of
all keys. Keys that stay keep what is known of them."""
import re
import sys
import time

import bench
import harness

KEYS = int(sys.argv[1]) if len(sys.argv) > 1 else 100000
ORGANIZATIONS = max(1, KEYS // 500)
WARM_UP = int(sys.argv[2]) if len(sys.argv) > 2 else 30
BAR = 100  # milliseconds


def reload(daemon, sim, config, change):
    """Milliseconds: as the daemon says, and the longest time in which the service saw no request."""
    seen = len(re.findall("config_loaded", daemon.stderr))
    config.write_text(change(config.read_text()))
    daemon.signal(harness.signal.SIGHUP)
    longest, last_count, last_change = 0, -1, time.monotonic()
    end = None
    while end is None or time.monotonic() < end:
        count = sim.stats()["byRoute"].get("get_key", 0)
        now = time.monotonic()
        if count != last_count:
            longest, last_count, last_change = max(longest, now - last_change), count, now
        if end is None and len(re.findall("config_loaded", daemon.stderr)) > seen:
            end = now + 2
        time.sleep(0.005)
    said = re.findall(r"config_loaded.*polls_stood_still\W+([\d.]+)ms", daemon.stderr)[-1]
    return float(said), longest * 1000


with bench.stage() as case:
    sim, config = bench.generated(case, "--keys", KEYS, "--organizations", ORGANIZATIONS,
                                  "--config-interval", f"{max(1, KEYS // 300)}s")
    config.write_text(config.read_text() + "log: {level: info}\n")
    daemon = case.keep(harness.Daemon(case, config))
    bench.run_for(WARM_UP)
    polled = len(daemon.metrics().all("atlas_key_up")) and sum(
        one.value for one in daemon.metrics().all("atlas_key_up"))
    figures, pauses = [], []
    for name, change in (
            ("the same", lambda text: text),
            ("another interval", lambda text: re.sub(r"interval: \w+", "interval: 10m", text, 1)),
            ("other policies", lambda text: text.replace("    roles: {exact: [",
                                                         "    roles: {allowed: ['*'], required: [")),
            ("the same", lambda text: text)):
        said, seen = reload(daemon, sim, config, change)
        pauses.append(said)
        figures.append(f"{name}: {said:.0f} ms (no request for {seen:.0f} ms)")
    kept = sum(one.value for one in daemon.metrics().all("atlas_key_up"))

bench.verdict(f"reload of {KEYS} keys", "; ".join(figures),
              (f"polls stood still for more than {BAR} ms", max(pauses) <= BAR),
              ("what was known was lost", kept >= polled))
