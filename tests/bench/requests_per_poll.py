"""Requests a poll, counted by the server: 10,000 keys in 20 organizations, each polled once a
minute, with nonces that live for a minute. All ways to ask are watched at the same time."""
import re

import suite
from suite import Row, harness

KEYS, ORGANIZATIONS, SECONDS = 10_000, 20, 125
ACCOUNT = ["--config-credential", "service-account", "--config-api", "v2"]
WAYS = {"digest": ([], 1.02), "service account": (ACCOUNT, 1.00),
        "list mode with a service account": (ACCOUNT, 0.003)}


def use_lists(config):
    config.write_text(re.sub(r'(?m)^  - id: .*', r"\g<0>\n    fetch: list", config.read_text()))


def rows(options):
    with suite.bench.stage() as case:
        worlds, daemons = {}, {}
        for number, (way, (arguments, _)) in enumerate(WAYS.items()):
            worlds[way] = suite.world(case, KEYS, "--organizations", ORGANIZATIONS, "--nonce-life", "60s",
                                      "--config-interval", "1m", *arguments, name=f"auditor{number}")
            if way.startswith("list"):
                use_lists(worlds[way].config)
            daemons[way] = case.keep(harness.Daemon(case, worlds[way].config))
        suite.bench.run_for(SECONDS)
        for way, (_, bar) in WAYS.items():
            # First what was asked, so that no request counts whose poll does not yet. A token is
            # asked for once an hour: it belongs to no poll.
            routes = worlds[way].sim.stats()["byRoute"]
            requests = routes.get("get_key", 0) + routes.get("list_keys", 0)
            polls = suite.polls(daemons[way])
            yield Row(f"requests a poll, {way}, 10,000 keys in 20 organizations at 1 m",
                      f"{requests} requests, {polls} polls", "", requests / polls, bar)
