#!/usr/bin/env python3
"""10,000 keys in 20 organizations that all drift at the same moment, in all that they hold: commits,
the time until a real Alertmanager has accepted every alert, requests, memory. Most of the alerts
are of missing roles, which two polls have to see."""
import re
import struct
import sys
import time

import bench
import harness
import servers

KEYS, ORGANIZATIONS = 10_000, 20
INTERVAL = sys.argv[1] if len(sys.argv) > 1 else "5s"


def commits(store):
    """So far, by SQLite's own count: https://www.sqlite.org/walformat.html, `iChange`."""
    with open(f"{store}-shm", "rb") as index:
        return struct.unpack_from("=I", index.read(48), 8)[0]


def accepted(manager):
    return manager.metrics().value("alertmanager_alerts_received_total", status="firing",
                                   version="v2") or 0


with bench.stage() as case:
    manager = servers.Alertmanager(case)
    sim, config = bench.generated(case, "--keys", KEYS, "--organizations", ORGANIZATIONS,
                                  "--config-interval", INTERVAL)
    text = re.sub(r"rate_limit: .*", "rate_limit: {burst: 10000, per_minute: 100000}",
                  config.read_text())
    # A resend meanwhile would count what was accepted twice.
    config.write_text(text + f"alerting: {{alertmanager: {{urls: ['{manager.url}'], resend: 1h}}}}\n")
    store = case.directory / re.search(r'path: "(.*?)"', text)[1]
    # One for ORG_OWNER, and one for each role that it takes the place of.
    roles = {name: len(exact.split(",")) for name, exact in
             re.findall(r"^  (policy-\d+):\n.*\n    roles: {exact: \[(.*)\]}", text, re.MULTILINE)}
    expected = sum(1 + roles[policy] for policy in re.findall(r"policy: (policy-\d+)", text))
    organizations = re.findall(r'^  - id: "(\w+)"', text, re.MULTILINE)
    daemon = case.keep(harness.Daemon(case, config))
    harness.wait_for("all to be compliant", lambda: bench.outcomes(daemon.metrics()).get(
        "compliant", 0) >= 2 * KEYS, 300)
    case.collected.clear()
    settled = daemon.rss()
    before = commits(store), sim.stats()["requests"], daemon.cpu()

    sim.call("POST", "/sim/faults", [
        {"effect": "patch", "org": one,
         "patch": {"roles": [{"orgId": one, "roleName": "ORG_OWNER"}]}} for one in organizations])
    begin = time.monotonic()
    largest = 0

    def done():
        global largest
        largest = max(largest, daemon.rss())
        time.sleep(0.1)
        return accepted(manager) >= expected

    first = harness.wait_for("the first alert", lambda: accepted(manager) and time.monotonic(), 60)
    harness.wait_for("all to be accepted", done, 600)
    took = time.monotonic() - begin
    used = [after - old for after, old in
            zip((commits(store), sim.stats()["requests"], daemon.cpu()), before)]
    taken = int(accepted(manager))
    active = len(manager.active())
    case.collected.clear()
    bytes_of_manager = manager.process.rss()

bench.verdict(
    "ten thousand drifts at once",
    f"{expected} alerts of {KEYS} keys at an interval of {INTERVAL} accepted after {took:.1f} s (the "
    f"first after {first - begin:.2f} s), {taken} received, {active} active; {used[0]} commits, "
    f"{used[1]} requests, {used[2]:.1f} s of CPU; {settled / 1e6:.0f} MB before, at most "
    f"{largest / 1e6:.0f} MB (Alertmanager {bytes_of_manager / 1e6:.0f} MB)",
    ("more than 100 commits", used[0] <= 100),
    ("not all active", active == expected))
