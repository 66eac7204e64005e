"""Memory and cost as work grows: 1,000, 10,000 and 100,000 keys, 500 an organization, over TLS, each
daemon with 1,000 polls a second. All three run at the same time, so that none has a better hour."""
import time

import suite
from suite import Row, harness

SIZES = {1_000: "1s", 10_000: "10s", 100_000: "100s"}
FEWEST, WINDOW = 1_000, 30


def daemons_of(case):
    daemons = {}
    for keys, interval in SIZES.items():
        world = suite.world(case, keys, "--organizations", max(1, keys // 500), "--config-interval",
                            interval, tls=True, name=f"auditor{keys}")
        daemons[keys] = case.keep(harness.Daemon(case, world.config))
    return daemons


def rows(options):
    with suite.bench.stage() as case:
        daemons = daemons_of(case)
        largest = daemons[max(SIZES)]
        harness.wait_for("all to be polled once", lambda: time.sleep(5) or all(
            suite.polls(daemon) >= keys for keys, daemon in daemons.items()), 300)
        starting = suite.peak(largest)
        before = {keys: (daemon.cpu(), suite.polls(daemon)) for keys, daemon in daemons.items()}
        time.sleep(WINDOW)
        after = {keys: (daemon.cpu(), suite.polls(daemon)) for keys, daemon in daemons.items()}
        held = {keys: daemon.rss() for keys, daemon in daemons.items()}
        scrapes = {}
        for coding in ("identity", "gzip"):
            suite.forget_peak(largest)
            page = suite.Page(largest.url, headers=[f"Accept-Encoding: {coding}"])
            before_it = largest.rss()
            page.seconds()
            scrapes[coding] = (suite.peak(largest) - before_it) / 1e6
            page.close()
    cpu = {keys: (after[keys][0] - before[keys][0]) / (after[keys][1] - before[keys][1])
           for keys in SIZES}
    # The first thousand fit into what a process without keys holds free, so they show nothing.
    further = {keys: (held[keys] - held[FEWEST]) / (keys - FEWEST) for keys in SIZES if keys > FEWEST}
    yield Row("resident over TLS, 1,000 keys", suite.megabytes(held[1_000]), "", held[1_000] / 1e6, 16,
              "MB")
    yield Row("resident over TLS, each further key up to 100,000", suite.megabytes(held[100_000]), "",
              further[100_000] / 1e3, 1.0, "kB")
    yield Row("peak while starting with 100,000 keys", suite.megabytes(starting), "", starting / 1e6,
              200, "MB")
    for coding, more in scrapes.items():
        yield Row(f"a scrape of 100,000 keys at its peak, {coding}", f"{more:.1f} MB more", "", more, 16,
                  "MB")
    yield Row("CPU a poll at 1,000, 10,000, 100,000 keys, largest to smallest",
              ", ".join(suite.microseconds(one) for one in cpu.values()), "",
              max(cpu.values()) / min(cpu.values()), 1.3)
    yield Row("bytes for each key beyond 1,000, up to 10,000 and to 100,000, largest to smallest",
              ", ".join(f"{one:.0f}" for one in further.values()), "",
              max(further.values()) / min(further.values()), 1.3)
