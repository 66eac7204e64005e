"""A PostgreSQL server of a test's own, from Debian's package, reachable by a Unix socket in its own
directory. The server insists on not being root's, so as root it is the user postgres's."""
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import urllib.parse

PROGRAMS = max(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb")).parent


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
