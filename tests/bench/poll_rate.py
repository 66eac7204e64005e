"""Polls a second over plain HTTP with digest: `run` with more keys than it can keep up with, in
organizations with a connection each, against wrk with as many connections on the same URLs of the
same server. wrk's answers to the challenge are computed before: a nonce for each connection, and a
count that rises."""
import hashlib
import re
import subprocess
import time
import urllib.parse

import suite
from suite import Row, harness

KEYS, CONNECTIONS, SECONDS, ROUNDS = 40_000, 4, 5, 3
WARM_UP = 10  # seconds, in which what is new has been journaled
PREPARED = 30_000  # a second and connection


def md5(*parts):
    return hashlib.md5(":".join(parts).encode()).hexdigest()


def write_requests(world, number, file):
    """Those of one organization, one request a line, its line ends written as \\n."""
    user, secret = world.login(number)
    organization = world.organizations[number]
    urls = [urllib.parse.urlsplit(url) for url in world.urls() if organization in url]
    challenge = harness.request(world.sim.url + urls[0].path).headers["WWW-Authenticate"]
    realm, nonce = (re.search(rf'{name}="(.*?)"', challenge)[1] for name in ("realm", "nonce"))
    who = md5(user, realm, secret)
    what = [md5("GET", url.path) for url in urls]
    with open(file, "w") as out:
        for number in range(1, PREPARED * SECONDS + 1):
            at = number % len(urls)
            response = md5(who, nonce, f"{number:08x}", "c0ffee", "auth", what[at])
            out.write(f'GET {urls[at].path} HTTP/1.1\\nHost: {urls[at].netloc}\\n'
                      'Accept: application/json\\nUser-Agent: atlas-key-auditor\\nAuthorization: Digest '
                      f'username="{user}", realm="{realm}", nonce="{nonce}", uri="{urls[at].path}", '
                      f'response="{response}", algorithm=MD5, qop=auth, nc={number:08x}, '
                      'cnonce="c0ffee"\\n\\n\n')


def answered(sim):
    return sim.stats()["byStatus"].get("200", 0)


def rows(options):
    with suite.bench.stage() as case:
        world = suite.world(case, KEYS, "--organizations", CONNECTIONS, "--config-interval", "1s")
        world.config.write_text(world.config.read_text().replace(
            "  api: v1.0\n", "  api: v1.0\n  connections: 1\n"))

        def us():
            daemon = case.keep(harness.Daemon(case, world.config))
            time.sleep(WARM_UP)
            before, start = answered(world.sim), time.monotonic()
            time.sleep(SECONDS)
            rate = (answered(world.sim) - before) / (time.monotonic() - start)
            daemon.stop()
            return rate

        def wrk():
            for thread in range(CONNECTIONS):
                write_requests(world, thread, case.directory / f"requests.{thread}")
            before = answered(world.sim)
            result = subprocess.run(
                ["wrk", "-t", str(CONNECTIONS), "-c", str(CONNECTIONS), "-d", f"{SECONDS}s", "-s",
                 suite.PEERS / "wrk.lua", world.sim.url, "--", case.directory / "requests"],
                check=True, capture_output=True, text=True).stdout
            took = float(re.search(r"requests in ([\d.]+)s", result)[1])
            assert "Non-2xx" not in result, result
            return (answered(world.sim) - before) / took

        rates = suite.in_turn(ROUNDS, us=us, wrk=wrk)
    ours, theirs = suite.median(rates["us"]), suite.median(rates["wrk"])
    yield Row(f"polls a second, plain HTTP and digest, {CONNECTIONS} connections; against `wrk`",
              f"{ours:.0f}", f"{theirs:.0f}", ours / theirs, 0.5, at_least=True)
