"""A PostgreSQL server of a test's own, from Debian's package, reachable by a Unix socket in its own
directory. The server insists on not being root's, so as root it is the user postgres's."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import urllib.parse

import harness
import servers
from harness import BIN, key_id, reader_key, wait_for, watched

PROGRAMS = max(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb")).parent

HOOK_SECRET = "hook-secret-0123456789abcdef"
PASSWORD = "database-password-0123456789"


class Postgres:
    def __init__(self, test, password=None):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="aka-pg."))
        test.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        if os.geteuid() == 0:
            shutil.chown(self.directory, "postgres", "postgres")
        self.data = self.directory / "data"
        self._run("initdb", "-D", self.data, "-U", "auditor", "-A", "trust", "--no-sync",
                  "--no-locale", "-E", "UTF8")
        self.start()
        test.addCleanup(self.stop, "immediate")
        if password:
            self.sql(f"ALTER USER auditor PASSWORD '{password}'")
            (self.data / "pg_hba.conf").write_text("local all all scram-sha-256\n")
            self.restart()
        self.url = f"postgresql://auditor@{urllib.parse.quote(str(self.directory), safe='')}/postgres"

    def _run(self, program, *arguments, **options):
        as_postgres = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups"] \
            if os.geteuid() == 0 else []
        done = subprocess.run([*as_postgres, PROGRAMS / program, *map(str, arguments)], check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              stdin=subprocess.DEVNULL, cwd="/", **options)
        if done.returncode:
            raise AssertionError(f"{program}: {done.stdout}")
        return done.stdout

    def _control(self, *arguments):
        # Not through a pipe: the server would keep it open.
        log = self.directory / "control.log"
        as_postgres = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups"] \
            if os.geteuid() == 0 else []
        with open(log, "ab") as output:
            subprocess.run([*as_postgres, PROGRAMS / "pg_ctl", "-D", self.data, "-w", *arguments],
                           check=True, stdout=output, stderr=output, stdin=subprocess.DEVNULL,
                           cwd="/")

    def start(self):
        self._control("-l", str(self.directory / "log"), "-o",
                      f"-c listen_addresses='' -c fsync=off -c shared_buffers=16MB "
                      f"-c max_connections=60 -k {self.directory}", "start")

    def stop(self, mode="fast"):
        if (self.data / "postmaster.pid").exists():
            self._control("-m", mode, "stop")

    def restart(self, mode="fast"):
        self.stop(mode)
        self.start()

    def hold(self, number=signal.SIGSTOP):
        """Every process of the server stands still, until hold(SIGCONT)."""
        first = int((self.data / "postmaster.pid").read_text().split()[0])
        children = pathlib.Path(f"/proc/{first}/task/{first}/children").read_text().split()
        for one in (first, *map(int, children)):
            os.kill(one, number)

    def sql(self, statements):
        return self._run("psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", self.directory, "-U",
                         "auditor", "postgres", "-c", statements).strip()


class StoreTest(harness.TestCase):
    """Daemons with a store in PostgreSQL, two keys and a receiver of alerts."""

    def setUp(self):
        super().setUp()
        self.hook = servers.Recorder(self)
        self.secrets |= {HOOK_SECRET, PASSWORD}
        self.write("secrets/hook", HOOK_SECRET + "\n", 0o600)
        self.write("secrets/db", PASSWORD + "\n", 0o600)
        self.sim = self.simulator(reader_key(1), reader_key(2))
        self.database = None

    def settings(self, **changes):
        if self.database is None:
            self.database = Postgres(self)
        blocks = {"store": {"url": self.database.url}, "alerting": {"webhooks": [
            {"name": "soc", "url": self.hook.url,
             "secret_file": str(self.directory / "secrets/hook")}]}}
        path = self.config(self.sim.url, [watched(1, "one"), watched(2, "two")],
                           **{**blocks, **changes})
        whole = json.loads(path.read_text())
        whole["store"].pop("path")
        return self.write("auditor.yaml", whole)

    def journal(self, command, *arguments):
        ended = subprocess.run([BIN / "atlas-key-auditor", "journal", command, "--config",
                                self.directory / "auditor.yaml", *arguments], capture_output=True,
                               text=True, check=False)
        self.collected.append(("journal", ended.stdout.encode()))
        return ended

    def types(self):
        return [json.loads(line)["type"] for line in self.journal("export").stdout.splitlines()]

    def stands_by(self, daemon):
        return daemon.metrics().value("atlas_key_auditor_standby") == 1

    def wait_for_duty(self, daemon, seconds=15):
        wait_for("the takeover", lambda: not self.stands_by(daemon), seconds)

    def firing(self, daemon):
        return {(sample["alert"], sample.get("kind", "")) for sample in
                daemon.metrics().all("atlas_alert_firing") if sample.value == 1}

    def drift(self, daemon):
        daemon.wait_for_state("one", "compliant")
        self.sim.put_key(key_id(1), roles=["ORG_OWNER"])
        wait_for("both alerts", lambda: len(self.hook.names("firing")) == 2)
