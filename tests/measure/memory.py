#!/usr/bin/env python3
"""Resident memory of the daemon with 1,000 keys over TLS after ten minutes of polls and scrapes."""
import sys

import bench
import harness
import servers

SECONDS = int(sys.argv[1]) if len(sys.argv) > 1 else 600
LIMIT = 16e6

with bench.stage() as case:
    certificate, key = servers.Authority(case.directory).issue("sim")
    sim, config = bench.generated(case, "--keys", 1000, "--config-interval", "10s", "--tls-cert",
                                  certificate, "--tls-key", key)
    config.write_text(config.read_text().replace(str(certificate), str(case.directory / "ca.pem")))
    daemon = case.keep(harness.Daemon(case, config))
    sizes = []

    def scrape():
        daemon.metrics()
        case.collected.clear()
        sizes.append(daemon.rss())
    bench.run_for(SECONDS, scrape, 15)
    counts = bench.outcomes(daemon.metrics())
    size, cpu = daemon.rss(), daemon.cpu()

bench.verdict("memory", f"{size / 1e6:.1f} MB with 1,000 keys after {SECONDS} s (at most "
              f"{max(sizes) / 1e6:.1f} MB), {cpu / SECONDS:.2%} of a core, polls {counts}",
              ("above 16 MB", size <= LIMIT), ("not all compliant", set(counts) == {"compliant"}))
