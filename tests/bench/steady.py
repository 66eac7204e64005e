"""300 polls a second: 100,000 keys, each every 333 s, scraped every 15 s. How late polls start, and
how many that were due a second ago had not been made. Ten minutes with --long, else one."""
import math
import time

import suite
from suite import Row, harness

KEYS, ORGANIZATIONS, INTERVAL = 100_000, 200, 333
LATE = 1  # second


def due(seconds):
    """Polls due that long after the start: each organization spreads its own over the interval."""
    each = KEYS // ORGANIZATIONS
    return ORGANIZATIONS * (math.floor(seconds * each / INTERVAL) + 1)


def rows(options):
    length = 600 if options.long else 60
    with suite.bench.stage() as case:
        world = suite.world(case, KEYS, "--organizations", ORGANIZATIONS, "--config-interval",
                            f"{INTERVAL}s", tls=True)
        daemon = case.keep(harness.Daemon(case, world.config))
        start = time.monotonic()
        missed = 0
        while time.monotonic() - start < length:
            time.sleep(15)
            seconds = time.monotonic() - start
            own = suite.own_metrics(daemon)
            missed = max(missed, due(seconds - LATE) - int(sum(suite.outcomes(daemon, own).values())))
        late = lateness(own, 0.999)
        outcomes = suite.outcomes(daemon, own)
    yield Row(f"300 polls a second for {length} s, scraped every 15 s: lateness of 99.9 %",
              f"{sum(outcomes.values())} polls, all {' and '.join(outcomes)}", "", late, LATE, "s")
    yield Row("the same: polls missed", "", "", missed, 0)


def lateness(own, share):
    """The bound of the first bucket that holds so much."""
    buckets = sorted((float(sample["le"]), sample.value) for sample in
                     own.all("atlas_key_auditor_poll_delay_seconds_bucket"))
    return next(bound for bound, count in buckets if count >= share * buckets[-1][1])
