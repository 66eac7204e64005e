"""Starts the programs as users do, drives them over the network and keeps every word they say.

Each test is a TestCase of this module. What it starts, it starts on free loopback ports and in a
directory of its own; when it ends, everything is stopped and whatever came out of the programs is
searched for every secret that went into them.

The environment: AKA_BIN, the directory of the two programs; AKA_SLOWNESS, by how much they are
slower than plain ones (sanitizers).
"""
import contextlib
import http.client
import itertools
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.parse

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("AKA_BIN", SOURCE / "build/dev/bin"))
SLOWNESS = float(os.environ.get("AKA_SLOWNESS", "1"))

ORG = "5f1a2b3c4d5e6f7a8b9c0d1e"
OTHER_ORG = "5f1a2b3c4d5e6f7a8b9c0d1f"
PROJECT = "5f1a2b3c4d5e6f7a8b9c0d2f"
# 26 roles over 25 projects.
MANY_ROLES = ["ORG_MEMBER", *[f"GROUP_READ_ONLY@5f1a2b3c4d5e6f7a8b9c{number:04x}"
                              for number in range(25)]]
# In the form of the real ones, so that what looks for secrets by their form meets them too.
PRIVATE_KEY = "7d1c64a0-52b9-4f0e-8a1d-c0ffee5ec2e7"
CLIENT_ID = "mdb_sa_id_0123456789abcdef01234567"
CLIENT_SECRET = "mdb_sa_sk_K3zP0q-hYw7uVtLr2sXaBn8cJdMfEgRi4oWpTx6Q"


def key_id(number):
    return f"64aa11bb22cc33dd44ee{number:04x}"


def wait_for(what, condition, seconds=10):
    """The first true value of condition(), asked again and again; an OSError counts as false."""
    end = time.monotonic() + seconds * max(1, SLOWNESS)
    while True:
        with contextlib.suppress(OSError, http.client.HTTPException):
            value = condition()
            if value:
                return value
        if time.monotonic() > end:
            raise AssertionError(f"waited in vain for {what}")
        time.sleep(0.02)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Answer:
    def __init__(self, response, body):
        self.status = response.status
        self.headers = response.headers
        self.body = body

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")

    def json(self):
        return json.loads(self.body)


def request(url, method="GET", body=None, headers=None, timeout=10):
    parts = urllib.parse.urlsplit(url)
    limit = timeout * max(1, SLOWNESS)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=limit)
    if parts.scheme == "https":
        connection = http.client.HTTPSConnection(parts.hostname, parts.port, timeout=limit,
                                                 context=ssl._create_unverified_context())
    try:
        target = parts.path + ("?" + parts.query if parts.query else "")
        connection.request(method, target, body=body, headers=headers or {})
        response = connection.getresponse()
        return Answer(response, response.read())
    finally:
        connection.close()


class Process:
    """A program, its output collected while it runs."""

    def __init__(self, arguments, env=None, cwd=None):
        self.arguments = [str(argument) for argument in arguments]
        # The child ends with this process, even if that is killed.
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", *self.arguments], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, **(env or {})}, cwd=cwd)
        self.pid = self.process.pid
        self.parts = {"stdout": bytearray(), "stderr": bytearray()}
        self.readers = [threading.Thread(target=self._collect, args=(name,), daemon=True)
                        for name in self.parts]
        for reader in self.readers:
            reader.start()

    def _collect(self, name):
        pipe = getattr(self.process, name)
        with pipe:
            while block := os.read(pipe.fileno(), 65536):
                self.parts[name] += block

    @property
    def stdout(self):
        return self.parts["stdout"].decode("utf-8", "replace")

    @property
    def stderr(self):
        return self.parts["stderr"].decode("utf-8", "replace")

    def wait(self, seconds=30):
        """The exit code; negative: ended by that signal."""
        try:
            code = self.process.wait(seconds * max(1, SLOWNESS))
        except subprocess.TimeoutExpired:
            raise AssertionError(f"did not end: {self.arguments}\n{self.stderr[-2000:]}") from None
        for reader in self.readers:
            reader.join(10)
        return code

    def search(self, pattern, seconds=10):
        """Waits until a line of the output matches."""
        def found():
            match = re.search(pattern, self.stdout + self.stderr, re.MULTILINE)
            if not match and self.process.poll() is not None:
                self.wait()
                match = re.search(pattern, self.stdout + self.stderr, re.MULTILINE)
                if not match:
                    raise AssertionError(f"ended with {self.process.returncode} before saying "
                                         f"'{pattern}': {self.stdout}{self.stderr}")
            return match
        return wait_for(f"'{pattern}' from {self.arguments[0]}", found, seconds)

    def signal(self, number):
        self.process.send_signal(number)

    def stop(self, seconds=30):
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
        return self.wait(seconds)

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.wait()

    def rss(self):
        """Bytes of resident memory."""
        text = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", text)[1]) * 1024

    def cpu(self):
        """Seconds of CPU, of user and system."""
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Simulator(Process):
    def __init__(self, *arguments, log_level="debug"):
        super().__init__([BIN / "atlas-key-sim", "--listen", "127.0.0.1:0", "--log-level",
                          log_level, *arguments])
        self.url = self.search(r"listening on (https?://\S+)", 60)[1]

    def call(self, method, path, body=None):
        answer = request(self.url + path, method, None if body is None else json.dumps(body))
        assert answer.status < 300, answer.text
        return answer.json()["data"]

    def fault(self, effect, **what):
        return self.call("POST", "/sim/faults", {"effect": effect, **what})

    def clear_faults(self):
        self.call("DELETE", "/sim/faults")

    def put_key(self, key, organization=ORG, **patch):
        return self.call("POST", f"/sim/keys/{organization}/{key}", patch)

    def delete_key(self, key, organization=ORG):
        return self.call("DELETE", f"/sim/keys/{organization}/{key}")

    def stats(self):
        return self.call("GET", "/sim/stats")


class Sample(dict):
    """The labels of one line of /metrics, with its value."""

    def __init__(self, labels, value):
        super().__init__(labels)
        self.value = value


class Metrics:
    def __init__(self, text):
        self.text = text
        self.families = {}
        for line in text.splitlines():
            match = re.fullmatch(r"([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)", line)
            if match:
                labels = dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', match[2] or ""))
                self.families.setdefault(match[1], []).append(Sample(labels, float(match[3])))

    def all(self, name, **labels):
        return [sample for sample in self.families.get(name, [])
                if labels.items() <= sample.items()]

    def value(self, name, **labels):
        """Of the only line that fits; None if there is none."""
        found = self.all(name, **labels)
        assert len(found) <= 1, f"{name} {labels} is ambiguous: {found}"
        return found[0].value if found else None

    def state(self, key):
        """("error", "timeout") of the key of that name."""
        found = self.all("atlas_key_state", key=key)
        assert len(found) == 1, f"{key} has {len(found)} states"
        return found[0]["state"], found[0]["reason"]


class Daemon(Process):
    def __init__(self, test, config, *arguments, env=None, listen="127.0.0.1:0"):
        self.test = test
        super().__init__([BIN / "atlas-key-auditor", "run", "--config", config, "--listen",
                          listen, *arguments], env=env)
        self.url = self.search(r"listening.*address\W+(https?://[\d.:]+)")[1]

    def get(self, path, **options):
        """An answer, kept for the search for secrets."""
        answer = request(self.url + path, **options)
        self.test.collected.append((path, answer.body))
        return answer

    def metrics(self):
        answer = self.get("/metrics")
        assert answer.status == 200, answer.text
        return Metrics(answer.text)

    def data(self, path):
        answer = self.get(path)
        assert answer.status == 200, answer.text
        document = answer.json()
        assert document["status"] == "success", document
        return document["data"]

    def wait_for_state(self, key, state, reason="", seconds=10):
        last = []

        def arrived():
            last[:] = [self.metrics()]
            return last[0] if last[0].state(key) == (state, reason) else None
        try:
            return wait_for(f"{key} to be {state}/{reason}", arrived, seconds)
        except AssertionError as error:
            raise AssertionError(f"{error}; it is {last[0].state(key) if last else 'unknown'}\n"
                                 f"{self.stderr[-2000:]}") from None

    def polls(self):
        return sum(sample.value for sample in
                   self.metrics().all("atlas_key_auditor_polls_total"))

    def wait_for_polls(self, more, seconds=10):
        wanted = self.polls() + more
        return wait_for(f"{more} polls", lambda: self.polls() >= wanted, seconds)


class TestCase(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="aka-e2e."))
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        self.processes = []
        self.collected = []  # (what, bytes)
        self.numbers = itertools.count(1)
        self.secrets = {PRIVATE_KEY, CLIENT_SECRET}
        self.addCleanup(self._search_for_secrets)
        self.addCleanup(self._stop_all)

    def _stop_all(self):
        """Whatever still runs must also end well: sanitizers complain at the end."""
        for process in reversed(self.processes):
            if process.process.poll() is None:
                code = process.stop()
                ours = pathlib.Path(process.arguments[0]).parent == BIN
                if ours and code != 0:
                    self.fail(f"{process.arguments} ended with {code}\n{process.stderr[-4000:]}")

    def _search_for_secrets(self):
        for process in self.processes:
            for name, text in process.parts.items():
                self.collected.append((f"{name} of {process.arguments[:2]}", bytes(text)))
        for secret in self.secrets:
            for what, text in self.collected:
                if secret.encode() in text:
                    where = text.index(secret.encode())
                    self.fail(f"a secret ({secret[:4]}...) shows in {what}: "
                              f"{text[max(0, where - 200):where + 60]!r}")

    def keep(self, process):
        self.processes.append(process)
        return process

    def write(self, name, content, mode=0o644):
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content, indent=1))
        path.chmod(mode)
        return path

    def fixture(self, *keys, organizations=(), faults=(), account=None, private_key=PRIVATE_KEY):
        """A world of one organization whose watcher is `auditkey`; keys as the fixture has them."""
        watcher = {"id": key_id(0xffff), "desc": "auditor", "publicKey": "auditkey",
                   "privateKey": private_key, "roles": ["ORG_READ_ONLY"]}
        first = {"id": ORG, "name": "acme", "projects": [{"id": PROJECT, "name": "payments"}],
                 "keys": [*keys, watcher],
                 "serviceAccounts": [account or {"clientId": CLIENT_ID,
                                                 "clientSecret": CLIENT_SECRET,
                                                 "roles": ["ORG_READ_ONLY"]}]}
        return self.write("fixture.json", {"organizations": [first, *organizations],
                                           "faults": list(faults)}, 0o600)

    def simulator(self, *keys, arguments=(), **world):
        return self.keep(Simulator("--fixture", self.fixture(*keys, **world), *arguments))

    def config(self, base_url, keys, *, name="auditor.yaml", interval="1s", atlas=None,
               schedule=None, credential=None, organizations=(), first=None,
               **blocks):
        """Writes a configuration (JSON is YAML) that watches `keys` of the first organization."""
        secret = self.write("secrets/prod.key", PRIVATE_KEY + "\n", 0o600) \
            if not (self.directory / "secrets/prod.key").exists() \
            else self.directory / "secrets/prod.key"
        prod = credential or {"digest": {"public_key": "auditkey", "private_key_file": str(secret)}}
        whole = {
            "version": 1,
            "atlas": {"base_url": base_url, "timeout": "5s",
                      "rate_limit": {"burst": 10000, "per_minute": 100000}, **(atlas or {})},
            "credentials": {"prod": prod},
            "schedule": {"interval": interval, "jitter": "0%", **(schedule or {})},
            "policies": {"reader": {"roles": {"exact": ["ORG_READ_ONLY"]}}},
            "organizations": [{"id": ORG, "name": "acme", "credential": "prod", "keys": keys,
                               **(first or {})}, *organizations],
            "store": {"path": str(self.directory / f"store-{next(self.numbers)}.db")},
            "log": {"level": "debug"},
        }
        for block, settings in blocks.items():
            # A store is always one of this test's own, and a new one unless it names one.
            whole[block] = {**whole[block], **settings} if block == "store" else settings
        return self.write(name, whole)

    def daemon(self, config, *arguments, **options):
        return self.keep(Daemon(self, config, *arguments, **options))

    def run_auditor(self, *arguments, env=None, seconds=30):
        process = self.keep(Process([BIN / "atlas-key-auditor", *arguments], env=env))
        process.wait(seconds)
        return process

    def audit(self, config, *arguments, **options):
        """The finished process and its JSON document."""
        process = self.run_auditor("audit", "--config", config, "--format", "json", *arguments,
                                   **options)
        return process, json.loads(process.stdout) if process.stdout else None


def reader_key(number, **changes):
    """A fixture's key that fits the policy `reader`."""
    return {"id": key_id(number), "desc": f"key {number}", "publicKey": f"reader{number:02d}",
            "roles": ["ORG_READ_ONLY"], **changes}


def watched(number, name=None, **changes):
    """The same key in a configuration."""
    return {"id": key_id(number), "name": name or f"key{number}", "policy": "reader", **changes}
