"""The commands that do not stay, and what keeps `run` from starting."""
import json
import os
import re
import shutil
import socket
import subprocess
import unittest

import harness
from harness import SOURCE, reader_key, wait_for, watched


class Commands(harness.TestCase):
    def good(self, **blocks):
        return self.config("http://127.0.0.1:1", [watched(1)], **blocks)

    def test_an_occupied_port_is_an_error_that_names_it(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            address = f"127.0.0.1:{taken.getsockname()[1]}"
            run = self.run_auditor("run", "--config", self.good(), "--listen", address)
        self.assertEqual(run.process.returncode, 1)
        self.assertIn(address, run.stderr)

    def test_a_bad_configuration_is_78_everywhere(self):
        path = self.good(schedule={"intervall": "5m"})
        for command in ("run", "check", "audit"):
            ended = self.run_auditor(command, "--config", path)
            self.assertEqual(ended.process.returncode, 78, command)
            self.assertRegex(ended.stderr, rf"{re.escape(str(path))}:\d+:\d+: .*intervall")
            self.assertIn("interval", ended.stderr)
            self.assertEqual(ended.stdout, "")
        missing = self.run_auditor("check", "--config", self.directory / "nowhere.yaml")
        self.assertEqual(missing.process.returncode, 78)
        self.assertIn("nowhere.yaml", missing.stderr)

    def test_trust_anchors_that_cannot_be_read_are_told_with_their_place(self):
        self.write("none.pem", "no certificate")
        path = self.good(atlas={"ca_file": "missing.pem"}, alerting={
            "alertmanager": {"urls": ["https://127.0.0.1:1"], "ca_file": "none.pem"}})
        checked = self.run_auditor("check", "--config", path)
        self.assertEqual(checked.process.returncode, 78)
        for file in ("missing.pem", "none.pem"):
            self.assertRegex(checked.stderr, rf"(?m)^{re.escape(str(path))}:\d+:\d+: .*{file}")

    def test_a_log_in_json_is_so_from_its_first_line(self):
        path = self.good(log={"format": "json"})
        (self.directory / "secrets/prod.key").chmod(0o644)
        daemon = self.keep(harness.Daemon(self, path))
        daemon.stop()
        lines = [json.loads(line) for line in daemon.stderr.splitlines()]
        self.assertEqual(lines[0]["event"], "config_problem")
        self.assertIn("0644", lines[0]["message"])

    def test_check_accepts_and_warns(self):
        path = self.good(store={"retention": "30d"})
        checked = self.run_auditor("check", "--config", path)
        self.assertEqual((checked.process.returncode, checked.stdout),
                         (0, f"{path}: valid; 1 key in 1 organization\n"))
        (self.directory / "secrets/prod.key").chmod(0o644)
        checked = self.run_auditor("check", "--config", path)
        self.assertEqual(checked.process.returncode, 0)
        self.assertRegex(checked.stderr, r"warning: .*prod\.key.*0644")

    def test_the_shipped_configuration_of_the_quickstart_is_valid(self):
        shutil.copytree(SOURCE / "deploy/quickstart", self.directory / "quickstart")
        self.write("quickstart/auditor.key", harness.PRIVATE_KEY, 0o600)
        checked = self.run_auditor("check", "--config", self.directory / "quickstart/auditor.yaml")
        self.assertEqual((checked.process.returncode, checked.stderr), (0, ""))

    def test_version_help_and_what_is_no_command(self):
        version = self.run_auditor("version")
        self.assertEqual(version.process.returncode, 0)
        self.assertRegex(version.stdout, r"^atlas-key-auditor \d+\.\d+\.\d+")
        for words in (["--help"], ["run", "--help"]):
            helped = self.run_auditor(*words)
            self.assertEqual(helped.process.returncode, 0)
            self.assertIn("--", helped.stdout)
        for words in ([], ["watch"], ["run"], ["audit", "--config", "x", "--format", "xml"],
                      ["run", "--config", "x", "--listen"]):
            refused = self.run_auditor(*words)
            self.assertEqual(refused.process.returncode, 1, words)
            self.assertNotEqual(refused.stderr, "", words)

    def test_a_secret_from_the_environment_works_and_its_absence_is_told(self):
        credential = {"digest": {"public_key": "auditkey", "private_key_env": "E2E_PRIVATE_KEY"}}
        sim = self.simulator(reader_key(1))
        path = self.config(sim.url, [watched(1)], credential=credential)
        env = {"E2E_PRIVATE_KEY": harness.PRIVATE_KEY}
        self.assertEqual(self.run_auditor("audit", "--config", path, env=env).process.returncode, 0)
        told = self.run_auditor("audit", "--config", path)
        self.assertEqual(told.process.returncode, 78)
        self.assertIn("E2E_PRIVATE_KEY", told.stderr)

    def test_without_a_reader_the_log_does_not_end_the_daemon(self):
        sim = self.simulator(reader_key(1))
        path = self.config(sim.url, [watched(1)])
        reading, writing = os.pipe()
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", harness.BIN / "atlas-key-auditor", "run",
             "--config", path, "--listen", "127.0.0.1:0"], stdout=writing, stderr=writing)
        os.close(writing)
        os.close(reading)
        try:
            wait_for("polls", lambda: sim.stats()["byStatus"].get("200", 0) >= 3)
            process.terminate()
            self.assertEqual(process.wait(10 * harness.SLOWNESS), 0)
        finally:
            process.kill()
            process.wait()


if __name__ == "__main__":
    unittest.main()
