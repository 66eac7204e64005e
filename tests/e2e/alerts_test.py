"""Alerts and the journal through the built daemon: what is due arrives, after any crash, and what
fires goes on firing until a poll disproves it."""
import hashlib
import hmac
import json
import socket
import subprocess
import time
import unittest

import harness
import servers
from harness import BIN, ORG, key_id, reader_key, wait_for, watched

SECRET = "hook-secret-0123456789abcdef"


class Alerts(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.hook = servers.Recorder(self)
        self.secrets.add(SECRET)
        self.write("secrets/hook", SECRET + "\n", 0o600)
        self.sim = self.simulator(reader_key(1), reader_key(2))
        self.store = {"path": str(self.directory / "journal.db")}

    def settings(self, **changes):
        blocks = {"store": self.store, "alerting": {
            "labels": {"team": "security"},
            "webhooks": [{"name": "soc", "url": self.hook.url, "secret_file":
                          str(self.directory / "secrets/hook")}]}}
        return self.config(self.sim.url, [watched(1, "one"), watched(2, "two")],
                           **{**blocks, **changes})

    def change(self, number, roles):
        self.sim.put_key(key_id(number), roles=roles)

    def journal(self, command):
        ended = subprocess.run([BIN / "atlas-key-auditor", "journal", command, "--store",
                                self.store["path"]], capture_output=True, text=True, check=False)
        self.collected.append(("journal", ended.stdout.encode()))
        return ended

    def records(self):
        return [json.loads(line) for line in self.journal("export").stdout.splitlines()]

    def firing(self, daemon):
        return {(sample["alert"], sample.get("kind", "")): sample.value
                for sample in daemon.metrics().all("atlas_alert_firing")}

    def test_a_drift_is_told_once_signed_and_resolved_by_a_poll(self):
        daemon = self.daemon(self.settings())
        daemon.wait_for_state("one", "compliant")
        self.change(1, ["ORG_OWNER"])
        wait_for("the alert", lambda: ("AtlasKeyDrift", "role_unexpected") in
                 self.hook.names("firing"))
        headers, body = self.hook.taken[0]
        signed = f"{headers['X-Timestamp']}.".encode() + body
        self.assertEqual(headers["X-Signature-256"],
                         "sha256=" + hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest())
        alert = json.loads(body)["alerts"][0]
        self.assertEqual(alert["labels"], {
            "alertname": "AtlasKeyDrift", "severity": "critical", "org_id": ORG, "org": "acme",
            "key_id": key_id(1), "key": "one", "kind": "role_unexpected", "role": "ORG_OWNER",
            "team": "security"})
        self.assertIn("ORG_OWNER", alert["annotations"]["summary"])
        # role_missing has to be seen twice.
        wait_for("the other", lambda: ("AtlasKeyDrift", "role_missing") in
                 self.hook.names("firing"))
        self.assertEqual(self.firing(daemon)[("AtlasKeyDrift", "role_unexpected")], 1)
        self.change(1, ["ORG_READ_ONLY"])
        wait_for("the resolves", lambda: len(self.hook.names("resolved")) == 2)
        self.assertEqual(len(self.hook.names("firing")), 2)
        self.assertEqual(self.firing(daemon), {("AtlasKeyDrift", "role_unexpected"): 0,
                                               ("AtlasKeyDrift", "role_missing"): 0})
        wait_for("an empty outbox", lambda: daemon.metrics().value(
            "atlas_key_auditor_notifications_pending", sink="webhook:soc") == 0)
        self.assertEqual(daemon.stop(), 0)
        self.assertEqual(self.journal("verify").returncode, 0)
        types = [record["type"] for record in self.records()]
        self.assertEqual(types.count("alert_sent"), 2)
        self.assertEqual(types.count("alert_resolved"), 2)
        self.assertEqual((types[0], types[-1]), ("start", "stop"))

    def test_after_a_crash_nothing_is_forgotten_and_nothing_proven(self):
        path = self.settings()
        daemon = self.daemon(path)
        daemon.wait_for_state("one", "compliant")
        self.hook.down = True
        self.change(1, ["ORG_OWNER"])
        wait_for("the alert", lambda: self.firing(daemon).get(("AtlasKeyDrift", "role_unexpected")))
        since = daemon.metrics().value("atlas_key_drift_since_timestamp_seconds", key="one")
        wait_for("the commit", lambda: any(record["type"] == "finding_opened"
                                           for record in self.records()))
        daemon.kill()
        self.sim.stop()
        self.hook.down = False
        again = self.daemon(path)
        self.assertEqual(again.metrics().value("atlas_key_drift_since_timestamp_seconds",
                                               key="one"), since)
        self.assertEqual(self.firing(again)[("AtlasKeyDrift", "role_unexpected")], 1)
        wait_for("the alert", lambda: ("AtlasKeyDrift", "role_unexpected") in
                 self.hook.names("firing"))
        again.wait_for_state("one", "error", "connect")
        self.assertEqual(self.firing(again)[("AtlasKeyDrift", "role_unexpected")], 1)
        self.assertEqual(self.hook.names("resolved"), [])
        self.assertEqual(again.stop(), 0)
        self.assertEqual(self.journal("verify").returncode, 0)

    def test_a_weaker_configuration_at_start_is_as_visible_as_a_reload(self):
        self.daemon(self.settings()).stop()
        weaker = self.settings(policies={"reader": {"roles": {
            "required": ["ORG_READ_ONLY"], "allowed": ["*"]}}})
        self.daemon(weaker)
        wait_for("the alert", lambda: ("AtlasPolicyWeakened", None) in self.hook.names("firing"))
        self.assertIn("policy_weakened", [record["type"] for record in self.records()])

    def test_a_key_taken_out_resolves_by_configuration(self):
        path = self.settings(web={"lifecycle": True})
        daemon = self.daemon(path)
        self.change(1, ["ORG_OWNER"])
        wait_for("the alert", lambda: self.hook.names("firing"))
        whole = json.loads(path.read_text())
        del whole["organizations"][0]["keys"][0]
        path.write_text(json.dumps(whole))
        self.assertEqual(daemon.get("/-/reload", method="POST").status, 200)
        wait_for("the resolve", lambda: self.hook.names("resolved"))
        causes = {record["data"]["cause"] for record in self.records()
                  if record["type"] == "alert_resolved"}
        self.assertEqual(causes, {"configuration"})
        self.assertIn("key_removed", [record["type"] for record in self.records()])

    def test_an_organization_out_of_reach_is_one_alert(self):
        keys = [reader_key(number) for number in range(1, 9)]
        self.sim = self.simulator(*keys)
        self.change(1, ["ORG_OWNER"])
        daemon = self.daemon(self.settings(
            first={"keys": [watched(number) for number in range(1, 9)]}))
        wait_for("the drift", lambda: len(self.hook.names("firing")) == 2)
        self.sim.fault("answer", status=403)
        wait_for("the alert", lambda: ("AtlasOrgUnreachable", None) in self.hook.names("firing"))
        daemon.wait_for_polls(40)
        self.assertEqual({name for name, _ in self.hook.names("firing")},
                         {"AtlasKeyDrift", "AtlasOrgUnreachable"})
        # No error closed the drift, which was open before.
        self.assertEqual(self.hook.names("resolved"), [])
        self.assertEqual(self.firing(daemon)[("AtlasKeyDrift", "role_unexpected")], 1)
        self.sim.clear_faults()
        wait_for("the resolve", lambda: ("AtlasOrgUnreachable", None) in
                 self.hook.names("resolved"))
        # A single key that is refused among others that are not has an alert of its own.
        self.sim.fault("answer", status=403, key=key_id(2))
        wait_for("the key's alert", lambda: ("AtlasKeyForbidden", None) in
                 self.hook.names("firing"))
        self.sim.clear_faults()
        wait_for("its resolve", lambda: ("AtlasKeyForbidden", None) in self.hook.names("resolved"))

    def test_an_organization_is_not_out_of_reach_because_nobody_asked(self):
        self.sim = self.simulator(*(reader_key(number) for number in range(1, 4)))
        # The first two polls after a start fail, the third one does not.
        for number in (1, 2):
            self.sim.fault("answer", status=403, key=key_id(number))
        path = self.settings(interval="2s", first={
            "discover": True, "keys": [watched(number) for number in range(1, 4)]})
        daemon = self.daemon(path)
        wait_for("a sweep", lambda: ("AtlasKeyUnmanaged", None) in self.hook.names("firing"))
        self.assertEqual(daemon.stop(), 0)
        time.sleep(2)  # an interval
        self.daemon(path).wait_for_polls(4)
        self.assertNotIn(("AtlasOrgUnreachable", None), self.hook.names("firing"))

    def test_a_receiver_that_hangs_delays_no_stop(self):
        hanging = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(hanging.close)
        self.hook.url = f"http://127.0.0.1:{hanging.getsockname()[1]}/"
        self.change(1, ["ORG_OWNER"])
        daemon = self.daemon(self.settings())
        wait_for("the request", lambda: daemon.metrics().value(
            "atlas_key_auditor_notifications_pending", sink="webhook:soc") > 0)
        before = time.monotonic()
        self.assertEqual(daemon.stop(), 0)
        self.assertLess(time.monotonic() - before, 5 * max(1, harness.SLOWNESS))

    def test_a_store_has_one_owner(self):
        path = self.settings()
        daemon = self.daemon(path)
        second = self.run_auditor("run", "--config", path, "--listen", "127.0.0.1:0")
        self.assertEqual(second.process.returncode, 1)
        self.assertIn(str(daemon.pid), second.stderr)

    def test_without_a_store_polling_and_delivery_go_on(self):
        daemon = self.daemon(self.settings(store={"path": "/proc/nowhere/journal.db"}))
        daemon.wait_for_state("one", "compliant")
        self.change(1, ["ORG_OWNER"])
        wait_for("the alert", lambda: ("AtlasKeyDrift", "role_unexpected") in
                 self.hook.names("firing"))
        wait_for("the other", lambda: ("AtlasAuditorJournalFailing", None) in
                 self.hook.names("firing"))
        self.assertGreater(daemon.metrics().value("atlas_key_auditor_journal_errors_total"), 0)


if __name__ == "__main__":
    unittest.main()
