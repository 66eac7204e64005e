#!/usr/bin/env python3
"""An incident in a real Alertmanager, which is killed and restarted empty in the middle of it, and is
down for three minutes when it ends; and the same incident through the shipped rules in a real
Prometheus, while the auditor itself is killed and restarted. Alertmanager's own receiver tells what
people would have been told."""
import json
import statistics
import sys
import time

import bench
import harness
import servers
from harness import key_id, reader_key, wait_for, watched

DOWN = float(sys.argv[1]) if len(sys.argv) > 1 else 180
RESEND, RESTARTS = 3, 8
RULES_INTERVAL = 30
SLACK = 1  # for a poll, a request, and this script


def since(begin):
    return time.monotonic() - begin


class Incident:
    def __init__(self, case):
        self.case = case
        self.hook = servers.Recorder(case)
        self.manager = servers.Alertmanager(case, self.hook.url)
        self.sim = case.simulator(reader_key(1), reader_key(2))
        self.config = case.config(
            self.sim.url, [watched(1, "one"), watched(2, "two")], schedule={"confirm": 1},
            log={"level": "info"}, alerting={
                "labels": {"team": "security"}, "heartbeat": "1m",
                "alertmanager": {"urls": [self.manager.url], "resend": f"{RESEND}s"}})
        self.listen = f"127.0.0.1:{harness.free_port()}"
        self.daemon = self.start()
        self.prometheus = servers.Prometheus(case, self.listen)
        self.missed = []

    def start(self):
        return self.case.keep(harness.Daemon(self.case, self.config, listen=self.listen))

    def change(self, number, *roles):
        self.sim.put_key(key_id(number), roles=["ORG_READ_ONLY", *roles])
        return time.monotonic()

    def is_active(self, key="one"):
        return any(labels["key"] == key for labels in self.active())

    def active(self):
        """The labels of what fires in Alertmanager, the heartbeat left out."""
        return [alert["labels"] for alert in self.manager.active() if "key" in alert["labels"]]

    def people_know(self, status, key="one", after=0):
        """Whether they were told, by a later notification than the first `after` ones."""
        with self.hook.lock:
            return any(json.loads(body)["status"] == status and alert["labels"].get("key") == key
                       for _, body in self.hook.taken[after:] for alert in json.loads(body)["alerts"])

    def told(self):
        with self.hook.lock:
            return len(self.hook.taken)

    def alerts(self):
        """The same in Prometheus."""
        return [{name: value for name, value in found["metric"].items()
                 if name not in ("__name__", "alertstate")}
                for found in self.prometheus.query('ALERTS{alertstate="firing",key!=""}')]

    def await_(self, what, condition, bar):
        """Seconds until it is so, which must be less than `bar`."""
        begin = time.monotonic()
        try:
            wait_for(what, condition, max(60, 2 * bar))
        except AssertionError as error:
            self.missed.append(str(error))
        took = since(begin)
        if took > bar:
            self.missed.append(f"{took:.1f} s until {what}")
        return took

    def restart_manager_empty(self):
        self.manager.kill()
        self.manager.start()
        return self.await_("the alert to be back", self.is_active, RESEND + SLACK)

    def gaps(self, begin):
        """Evaluations since then at which the alert was not firing in Prometheus."""
        values = self.prometheus.query('count(ALERTS{alertname="AtlasKeyDrift",key="one"}) or '
                                       'vector(0)', "query_range", start=begin, end=time.time(),
                                       step=1)[0]["values"]
        return sum(value == "0" for _, value in values), len(values)


with bench.stage() as case:
    incident = Incident(case)
    # Prometheus keeps no ALERTS of the first evaluations after its own start.
    wait_for("the heartbeat in Prometheus", lambda: incident.prometheus.query(
        'ALERTS{alertname="AtlasAuditorAlive"}'), 5 * RULES_INTERVAL)
    incident.change(1, "ORG_OWNER")
    first = incident.await_("the alert in Alertmanager", incident.is_active, 1 + SLACK)
    in_rules = incident.await_("the alert in Prometheus", incident.alerts,
                               RULES_INTERVAL + 1 + SLACK)
    firing_since = time.time()
    if incident.alerts() != incident.active():
        incident.missed.append(f"labels differ: {incident.active()} and {incident.alerts()}")
    back = [incident.restart_manager_empty() for _ in range(RESTARTS)]

    incident.daemon.kill()
    time.sleep(5)
    incident.daemon = incident.start()
    restarted = incident.await_("the alert after our own restart", incident.is_active, SLACK)
    told = incident.told()
    again = incident.restart_manager_empty()
    if incident.people_know("resolved"):
        incident.missed.append("resolved without proof")

    # This Alertmanager tells people, and remembers that over a restart, before it goes.
    incident.await_("people to know", lambda: incident.people_know("firing", after=told), SLACK + 1)
    incident.manager.stop()
    begin = time.monotonic()
    time.sleep(DOWN / 3)
    gaps, seen = incident.gaps(firing_since)
    incident.change(1)
    incident.change(2, "ORG_OWNER")
    gone = incident.await_("the end in Prometheus", lambda: all(
        alert["key"] != "one" for alert in incident.alerts()), RULES_INTERVAL + 1 + SLACK)
    time.sleep(max(0, DOWN - since(begin)))
    incident.manager.start()
    down = since(begin)
    resolved = incident.await_("the resolve", lambda: incident.people_know("resolved"),
                               RESEND + SLACK + 1)
    other = incident.await_("what began meanwhile", lambda: incident.is_active("two"),
                            RESEND + SLACK)
    if incident.is_active("one"):
        incident.missed.append("still active in Alertmanager")

bench.verdict(
    "real Alertmanager and Prometheus",
    f"active after {first:.2f} s, in ALERTS after {in_rules:.1f} s (evaluated every "
    f"{RULES_INTERVAL} s) with the same labels; back after {RESTARTS} empty restarts in at most "
    f"{max(back):.2f} s, median {statistics.median(back):.2f} s (resend {RESEND} s); after a kill -9 "
    f"of ours active within {restarted:.2f} s, and in an empty Alertmanager in {again:.2f} s; "
    f"{gaps} of {seen} seconds of the incident without ALERTS; mended while Alertmanager was down "
    f"for {down:.0f} s: gone from ALERTS after {gone:.1f} s, people told {resolved:.2f} s after "
    f"it was back, of an alert that began meanwhile after {other:.2f} s",
    ("\n  ".join(incident.missed), not incident.missed), ("a gap in ALERTS", gaps == 0))
