"""What the rows share: the stage from tests/measure, one way to time a command, one way to ask for
a page, and the line that a row ends in.

A row compares with its peer in the same run, turn by turn, and takes medians: then whatever else
the machine does meanwhile hits both.
"""
import contextlib
import dataclasses
import os
import pathlib
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/measure"))

import bench  # noqa: E402
import harness  # noqa: E402
import servers  # noqa: E402

AUDITOR = harness.BIN / "atlas-key-auditor"
PEERS = pathlib.Path(__file__).resolve().parent / "peers"
BUILT = ROOT / "build/bench"  # peers that are compiled, and node_modules


@dataclasses.dataclass
class Row:
    """`value` is what the bar is about; `ours` and `theirs` are what it was made from."""
    what: str
    ours: str
    theirs: str
    value: float
    bar: float
    unit: str = ""          # empty: a ratio
    at_least: bool = False  # else: at most

    @property
    def held(self):
        return self.value >= self.bar if self.at_least else self.value <= self.bar

    def cells(self):
        sign = "≥" if self.at_least else "≤"
        unit = f" {self.unit}" if self.unit else ""
        return [self.what, self.ours, self.theirs, f"{self.value:.3g}{unit}",
                f"{sign} {self.bar:g}{unit}", "yes" if self.held else "**no**"]


@dataclasses.dataclass
class Spent:
    wall: float
    cpu: float


def spend(command, codes=(0,)):
    """Seconds that a command takes, by the clock and of CPU, its children's included."""
    start = time.monotonic()
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE)
    message = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - start
    if process.returncode not in codes:
        sys.exit(f"{command} ended with {process.returncode}: {message.decode()[-2000:]}")
    return Spent(wall, usage.ru_utime + usage.ru_stime)


def median(values):
    return statistics.median(values)


def in_turn(rounds, **contestants):
    """{name: [what it gave, round by round]}"""
    results = {name: [] for name in contestants}
    for _ in range(rounds):
        for name, contestant in contestants.items():
            results[name].append(contestant())
    return results


@dataclasses.dataclass
class World:
    """A simulator with made-up keys, and what a client needs to ask it."""
    sim: harness.Simulator
    config: pathlib.Path
    ca: pathlib.Path

    @property
    def organizations(self):
        return re.findall(r'^  - id: "(\w+)"', self.config.read_text(), re.MULTILINE)

    def login(self, organization=0):
        """The public and the private key."""
        user, file = re.findall(r'public_key: "(\w+)", private_key_file: "(.*?)"',
                                self.config.read_text())[organization]
        return user, (self.config.parent / file).read_text().strip()

    def urls(self):
        """Of every key, in order."""
        found, organization = [], None
        for kind, one in re.findall(r'^  (    )?- \{?id: "(\w+)"', self.config.read_text(),
                                    re.MULTILINE):
            if kind:
                found.append(f"{self.sim.url}/api/atlas/v1.0/orgs/{organization}/apiKeys/{one}")
            else:
                organization = one
        return found


def world(case, keys, *arguments, tls=False, name="auditor"):
    """Its configuration has no jitter and a rate limit that never binds."""
    ca = case.directory / "ca.pem"
    if tls:
        certificate, key = servers.Authority(case.directory).issue("sim")
        arguments = (*arguments, "--tls-cert", certificate, "--tls-key", key)
    # A nonce outlives the run: what its renewal costs is the row of requests a poll.
    if "--nonce-life" not in arguments:
        arguments = (*arguments, "--nonce-life", "1h")
    sim, config = bench.generated(case, "--keys", keys, *arguments, name=name)
    if tls:
        config.write_text(config.read_text().replace(str(certificate), str(ca)))
    return World(sim, config, ca)


class Page:
    """Asks one address again and again over one connection, and reads as fast as Python can."""

    def __init__(self, url, path="/metrics", headers=()):
        host, port = re.match(r"http://([\d.]+):(\d+)", url).groups()
        self.socket = socket.create_connection((host, int(port)), 60)
        lines = [f"GET {path} HTTP/1.1", f"Host: {host}:{port}", *headers, "", ""]
        self.request = "\r\n".join(lines).encode()
        self.buffer = memoryview(bytearray(1 << 20))

    def seconds(self):
        """Until the last byte came. `size` is then that of the body as sent."""
        start = time.perf_counter()
        self.socket.sendall(self.request)
        head = b""
        while b"\r\n\r\n" not in head:
            head += self._read()
        head, body = head.split(b"\r\n\r\n", 1)
        assert head.startswith(b"HTTP/1.1 200"), head
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        if length:
            self.size, got = int(length[1]), len(body)
            while got < self.size:
                received = self.socket.recv_into(self.buffer)
                assert received, "the server left in the middle"
                got += received
        else:
            assert b"chunked" in head.lower(), head
            got, tail = len(body), body[-7:]
            while not tail.endswith(b"\r\n0\r\n\r\n"):
                block = self._read()
                got += len(block)
                tail = (tail + block[-7:])[-7:]
            self.size = got
        return time.perf_counter() - start

    def _read(self):
        received = self.socket.recv_into(self.buffer)
        assert received, "the server left in the middle"
        return bytes(self.buffer[:received])

    def close(self):
        self.socket.close()


def own_metrics(daemon):
    """What the daemon says of itself, without parsing the keys before it."""
    answer = harness.request(daemon.url + "/metrics", timeout=60)
    return harness.Metrics(answer.body[answer.body.index(b"# HELP atlas_key_auditor_"):].decode())


def outcomes(daemon, own=None):
    return bench.outcomes(own or own_metrics(daemon))


def polls(daemon):
    return sum(outcomes(daemon).values())


def peak(process):
    """The most memory that it ever held, in bytes, since the start or since forget_peak()."""
    text = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", text)[1]) * 1024


def forget_peak(process):
    pathlib.Path(f"/proc/{process.pid}/clear_refs").write_text("5")


def milliseconds(seconds):
    return f"{seconds * 1e3:.3g} ms"


def microseconds(seconds):
    return f"{seconds * 1e6:.3g} µs"


def megabytes(size):
    return f"{size / 1e6:.1f} MB"


def compiled(source, *libraries):
    """A peer in C++, built as we are."""
    program = BUILT / pathlib.Path(source).stem
    subprocess.run(["g++", "-std=c++20", "-O2", "-DNDEBUG", PEERS / source, "-o", program, *libraries],
                   check=True)
    return program


def compiled_go(package):
    """A peer in Go, built from what Debian packages."""
    program = BUILT / package
    environment = {**os.environ, "GO111MODULE": "off", "GOPATH": "/usr/share/gocode",
                   "GOCACHE": str(BUILT / "go"), "GOFLAGS": ""}
    subprocess.run(["go", "build", "-o", program, "."], check=True, cwd=PEERS / package,
                   env=environment)
    return program


@contextlib.contextmanager
def folder_in_memory():
    with tempfile.TemporaryDirectory(dir="/dev/shm", prefix="aka-bench.") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        yield folder
