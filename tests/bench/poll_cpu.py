"""CPU a poll over TLS with digest: `audit`, which judges what it gets, and three clients that only
fetch the same URLs from the same server. Start-up is part of each, so the polls are many."""
import os

import suite
from suite import Row

KEYS, FEWER, ROUNDS = 10_000, 2_000, 5


def prepare(case, world):
    user, secret = world.login()
    urls = world.urls()
    case.write("secret", secret, 0o600)
    case.write("urls", "\n".join(urls))
    case.write("fewer", "\n".join(urls[:FEWER]))
    case.write("curl.conf", f'silent\nfail\ndigest\nuser = "{user}:{secret}"\ncacert = "{world.ca}"\n'
               + "".join(f'url = "{url}"\noutput = "/dev/null"\n' for url in urls), 0o600)
    return user


def rows(options):
    with suite.bench.stage() as case:
        world = suite.world(case, KEYS, tls=True)
        user = prepare(case, world)
        os.environ["NODE_EXTRA_CA_CERTS"] = str(world.ca)

        def cpu(keys, *command):
            return lambda: suite.spend(command).cpu / keys

        us = cpu(KEYS, suite.AUDITOR, "audit", "--config", world.config)
        secret, fewer = case.directory / "secret", case.directory / "fewer"
        quick = suite.in_turn(ROUNDS, us=us, curl=cpu(KEYS, "curl", "-K", case.directory / "curl.conf"))
        slow = suite.in_turn(
            2, us=us,
            session=cpu(FEWER, "/usr/bin/python3", suite.PEERS / "session.py", world.ca, user, secret, fewer),
            npm=cpu(FEWER, "node", suite.PEERS / "atlas_client.cjs", suite.BUILT / "node_modules", user,
                    secret, fewer))
    for name, results, other, bar in (
            ("one `curl --digest -K`", quick, "curl", 0.5),
            ("a Python requests session", slow, "session", 0.15),
            ("npm mongodb-atlas-api-client", slow, "npm", 0.15)):
        ours, theirs = (suite.median(results[one]) for one in ("us", other))
        yield Row(f"CPU a poll, TLS and digest, judged; against {name}", suite.microseconds(ours),
                  suite.microseconds(theirs), ours / theirs, bar)
