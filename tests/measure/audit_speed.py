#!/usr/bin/env python3
"""`audit` of 200 keys over loopback TLS against one `curl --digest -K` process on the same URLs of
the same server: wall time and CPU, medians of alternating runs."""
import os
import re
import statistics
import subprocess
import time

import bench
import harness
import servers

RUNS = 15


def timed(command):
    """(seconds of wall time, seconds of CPU)"""
    start = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - start
    assert os.waitstatus_to_exitcode(status) == 0, command
    return wall, usage.ru_utime + usage.ru_stime


with bench.stage() as case:
    certificate, key = servers.Authority(case.directory).issue("sim")
    ca = case.directory / "ca.pem"
    sim, config = bench.generated(case, "--keys", 200, "--tls-cert", certificate, "--tls-key", key)
    text = config.read_text().replace(str(certificate), str(ca))
    config.write_text(text)
    organization = re.search(r'^  - id: "(\w+)"', text, re.MULTILINE)[1]
    keys = re.findall(r'^      - \{id: "(\w+)"', text, re.MULTILINE)
    assert len(keys) == 200
    user = re.search(r'public_key: "(\w+)"', text)[1]
    secret = next((case.directory / "auditor.secrets").iterdir()).read_text().strip()
    curl = case.directory / "curl.conf"
    curl.write_text(f'silent\nfail\ndigest\nuser = "{user}:{secret}"\ncacert = "{ca}"\n' + "".join(
        f'url = "{sim.url}/api/atlas/v1.0/orgs/{organization}/apiKeys/{one}"\n'
        'output = "/dev/null"\n' for one in keys))
    ours, theirs = [], []
    requests = []
    for _ in range(RUNS):
        before = sim.stats()["requests"]
        ours.append(timed([harness.BIN / "atlas-key-auditor", "audit", "--config", config]))
        between = sim.stats()["requests"]
        theirs.append(timed(["curl", "-K", curl]))
        requests.append((between - before, sim.stats()["requests"] - between))


def medians(runs):
    return [statistics.median(run[index] for run in runs) for index in (0, 1)]


(our_wall, our_cpu), (their_wall, their_cpu) = medians(ours), medians(theirs)
bench.verdict("audit of 200 keys",
              f"{our_wall * 1e3:.0f} ms wall, {our_cpu * 1e3:.0f} ms CPU, {requests[0][0]} requests; "
              f"curl {their_wall * 1e3:.0f} ms, {their_cpu * 1e3:.0f} ms, {requests[0][1]}; "
              f"ratios {our_wall / their_wall:.2f} wall, {our_cpu / their_cpu:.2f} CPU",
              ("slower than curl", our_wall <= their_wall),
              ("more CPU than curl", our_cpu <= their_cpu))
