#!/usr/bin/env python3
"""Keys with 26 roles over 25 projects, shuffled at every answer, each polled a thousand times at an
interval of a second: no finding may open or close."""
import sys

import bench
import harness
from harness import MANY_ROLES, reader_key, wait_for, watched

POLLS = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
FITS, DRIFTS = range(1, 3), range(3, 5)
OPEN = 4 * len(DRIFTS)  # two roles too many, two missing

with bench.stage() as case:
    sim = case.simulator(
        *[reader_key(number, roles=MANY_ROLES) for number in FITS],
        *[reader_key(number, roles=[*MANY_ROLES[:-2], "ORG_OWNER", "ORG_BILLING_ADMIN"])
          for number in DRIFTS], arguments=("--rate-limit", "100000,100000"))
    daemon = case.daemon(case.config(
        sim.url, [watched(number) for number in (*FITS, *DRIFTS)],
        policies={"reader": {"roles": {"exact": MANY_ROLES}}}, log={"level": "info"}))

    def moves():
        return tuple(daemon.stderr.count(event) for event in ("finding_opened", "finding_closed"))

    wait_for("the findings", lambda: moves() == (OPEN, 0))
    first = daemon.data("/api/v1/findings")
    daemon.wait_for_polls(POLLS * len((*FITS, *DRIFTS)), POLLS * 1.2 + 10)
    polls, opened_and_closed, last = daemon.polls(), moves(), daemon.data("/api/v1/findings")

bench.verdict(
    "shuffled roles",
    f"{polls:.0f} polls of {len((*FITS, *DRIFTS))} keys: {opened_and_closed[0]} findings opened, "
    f"{opened_and_closed[1]} closed",
    ("a finding opened or closed", opened_and_closed == (OPEN, 0)),
    ("the findings changed", last == first))
