"""Drills: a marked finding that is not real goes the whole way, and nothing real moves."""
import json
import os
import stat
import subprocess
import unittest

import harness
import servers
from harness import BIN, key_id, reader_key, wait_for, watched

SECRET = "hook-secret-0123456789abcdef"


class Drill(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.refusing = False
        self.hook = servers.Recorder(self, lambda: self.refusing)
        self.secrets.add(SECRET)
        self.write("secrets/hook", SECRET + "\n", 0o600)
        self.sim = self.simulator(reader_key(1))
        self.store = self.directory / "journal.db"
        self.settings = self.config(
            self.sim.url, [watched(1, "one")], store={"path": str(self.store)},
            alerting={"webhooks": [{"name": "soc", "url": self.hook.url, "secret_file":
                                    str(self.directory / "secrets/hook")}]})

    def drill(self, *arguments, seconds=60):
        return self.run_auditor("drill", "--config", self.settings, "--organization", "acme",
                                "--key", "one", *arguments, seconds=seconds)

    def records(self):
        ended = subprocess.run([BIN / "atlas-key-auditor", "journal", "export", "--store",
                                self.store], capture_output=True, text=True, check=True)
        return [json.loads(line) for line in ended.stdout.splitlines()]

    def alerts(self):
        """By status, in the order taken."""
        return [(document["status"], alert)
                for document in (json.loads(body) for _, body in self.hook.taken)
                for alert in document["alerts"]]

    def test_through_the_daemon(self):
        daemon = self.daemon(self.settings)
        daemon.wait_for_state("one", "compliant")
        socket = self.store.with_name(self.store.name + ".sock")
        self.assertEqual(stat.S_IMODE(os.stat(socket).st_mode), 0o600)
        running = self.keep(harness.Process(
            [BIN / "atlas-key-auditor", "drill", "--config", self.settings, "--organization",
             "acme", "--key", "one", "--add", "ORG_OWNER", "--for", "3s"]))
        fires = wait_for("the metric", lambda: daemon.metrics().all("atlas_alert_firing"))
        self.assertEqual([(one["alert"], one["drill"], one.value) for one in fires],
                         [("AtlasKeyDrift", "true", 1)])
        # Polls go on meanwhile, and the key is what it was.
        daemon.wait_for_polls(2)
        self.assertEqual(daemon.metrics().value("atlas_key_compliant", key="one"), 1)
        self.assertEqual(daemon.metrics().all("atlas_key_finding"), [])
        self.assertEqual(running.wait(), 0, running.stderr)
        self.assertIn("done: every receiver was told both", running.stdout)
        self.assertEqual(daemon.metrics().value("atlas_alert_firing"), 0)
        self.assertEqual([status for status, _ in self.alerts()], ["firing", "resolved"])
        for _, alert in self.alerts():
            self.assertEqual(alert["labels"]["drill"], "true")
            self.assertEqual(alert["labels"]["role"], "ORG_OWNER")
            self.assertTrue(alert["annotations"]["summary"].startswith("DRILL: acme/one"))
        self.assertEqual(daemon.stop(), 0)
        records = [record for record in self.records() if record["key_id"] == key_id(1)]
        self.assertEqual([(record["type"], record["data"].get("phase")) for record in records],
                         [("key_added", None), ("state_changed", None), ("drill", "begun"),
                          ("alert_sent", None), ("drill", "ended"), ("alert_resolved", None)])
        self.assertFalse(socket.exists())

    def test_what_cannot_be_drilled_is_refused(self):
        self.daemon(self.settings).wait_for_state("one", "compliant")
        for arguments, why in ((("--add", "ORG_READ_ONLY"), "allows ORG_READ_ONLY"),
                               (("--remove", "ORG_OWNER"), "it requires ORG_READ_ONLY"),
                               (("--add", "GROUP_OWNER@x"), "is no role")):
            ended = self.drill(*arguments)
            self.assertEqual(ended.process.returncode, 1)
            self.assertIn(why, ended.stderr)
        ended = self.run_auditor("drill", "--config", self.settings, "--organization", "acme",
                                 "--key", "nobody", "--add", "ORG_OWNER")
        self.assertEqual(ended.process.returncode, 1)
        self.assertIn("no key of acme is named 'nobody'", ended.stderr)
        self.assertEqual(self.hook.taken, [])

    def test_without_a_daemon(self):
        ended = self.drill("--add", "ORG_OWNER")
        self.assertEqual(ended.process.returncode, 1)
        self.assertIn("--offline needs no daemon", ended.stderr)
        ended = self.drill("--add", "ORG_OWNER", "--offline", "--for", "0s")
        self.assertEqual(ended.process.returncode, 0, ended.stderr)
        self.assertEqual([(status, alert["labels"]["drill"]) for status, alert in self.alerts()],
                         [("firing", "true"), ("resolved", "true")])
        self.assertFalse(self.store.exists())
        self.refusing = True
        ended = self.drill("--remove", "ORG_READ_ONLY", "--offline", "--for", "0s")
        self.assertEqual(ended.process.returncode, 1)
        self.assertIn("webhook:soc refuses that it fires", ended.stdout)

    def test_a_receiver_that_does_not_take_it_is_named(self):
        daemon = self.daemon(self.settings)
        daemon.wait_for_state("one", "compliant")
        self.refusing = True
        ended = self.drill("--add", "ORG_OWNER", "--for", "1s", seconds=90)
        self.assertEqual(ended.process.returncode, 1)
        self.assertIn("not taken in time: webhook:soc firing", ended.stdout)
        self.refusing = False


if __name__ == "__main__":
    unittest.main()
