#!/usr/bin/env python3
"""What the journal costs: the rate of polls, as many as the daemon can, while one in a hundred finds
something changed, against the same daemon while nothing changes, which takes the journal out: no
poll then leads to a record, a fact or an alert. Both in alternating windows, with the store on the
disk, and again with it in memory. The bar is on the daemon's CPU, which tells the same on a machine
that has other work to do."""
import contextlib
import re
import sqlite3
import statistics
import sys
import tempfile
import time

import bench
import harness

SECONDS = float(sys.argv[1]) if len(sys.argv) > 1 else 5
KEYS, ORGANIZATIONS, WINDOWS = 60_000, 20, 6
MOST = 0.15  # more CPU a poll
# A patched answer is a change, and the next good one too. The other is as much work to the simulator.
CHANGES, NOTHING = {"desc": "somebody else's"}, {}
SHARE = 0.005


def newest(store):
    """The number of its last record."""
    with contextlib.closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as journal:
        return journal.execute("SELECT max(seq) FROM journal").fetchone()[0]


class Watched:
    """A daemon under load."""

    def __init__(self, case, sim, config, store):
        self.sim, self.store = sim, store
        self.daemon = case.keep(harness.Daemon(case, config))
        # The first polls of each key lead to something to keep.
        harness.wait_for("all to be journaled", lambda: newest(store) >= 2 * KEYS + 2, 120)

    def now(self):
        # Not from /metrics: a page of so many keys is work.
        polls = self.sim.stats()["byStatus"]["200"]
        return time.monotonic(), self.daemon.cpu(), polls, newest(self.store)

    def window(self, patch):
        """(polls a second, microseconds of CPU a poll, records a poll)"""
        self.sim.clear_faults()
        self.sim.fault("patch", patch=patch, share=SHARE)
        time.sleep(4)  # what the other window left is over
        before = self.now()
        time.sleep(SECONDS)
        took, cpu, polls, records = (new - old for new, old in zip(self.now(), before))
        return polls / took, cpu / polls * 1e6, records / polls


def medians(windows):
    return [statistics.median(column) for column in zip(*windows)]


with bench.stage() as case, tempfile.TemporaryDirectory(dir="/dev/shm") as memory, \
        tempfile.TemporaryDirectory(dir=harness.SOURCE / "build") as disk:
    sim, config = bench.generated(case, "--keys", KEYS, "--organizations", ORGANIZATIONS,
                                  "--config-interval", "1s")
    text = re.sub(r"rate_limit: .*", "rate_limit: {burst: 10000, per_minute: 1000000}",
                  config.read_text())
    figures = {}
    for name, directory in (("disk", disk), ("memory", memory)):
        store = f"{directory}/journal.db"
        config.write_text(re.sub(r"store: .*", f'store: {{path: "{store}"}}', text))
        watched = Watched(case, sim, config, store)
        pairs = [(watched.window(CHANGES), watched.window(NOTHING)) for _ in range(WINDOWS)]
        sim.clear_faults()
        if watched.daemon.stop(60) != 0:
            sys.exit(f"the daemon ended badly: {watched.daemon.stderr[-2000:]}")
        figures[name] = medians((1 - some[0] / none[0], some[1] / none[1] - 1)
                                for some, none in pairs), *map(medians, zip(*pairs))

bench.verdict(
    "journal cost", "; ".join(
        f"{name}: {cost[0]:.1%} of the rate, {cost[1]:.1%} CPU ({some[0]:.0f} polls/s, "
        f"{some[1]:.1f} us of CPU a poll, "
        f"{some[2]:.4f} records a poll; while nothing changes {none[0]:.0f}, {none[1]:.1f} us, "
        f"{none[2]:.4f})" for name, (cost, some, none) in figures.items()),
    (f"costs more than {MOST:.0%} CPU", figures["disk"][0][1] <= MOST),
    # Two records a change: of the state and of the finding.
    ("not one in a hundred changed", all(0.015 < some[2] < 0.025
                                         for _, some, _ in figures.values())),
    ("something changed", all(none[2] < 0.0001 for _, _, none in figures.values())))
