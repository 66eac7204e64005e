"""A store in PostgreSQL, and the process that stands by: what the owner knew is known to the one that
takes over, and whoever lost the store says no more."""
import json
import signal
import subprocess
import time
import unittest

import harness
import postgres
import servers
from harness import BIN, key_id, reader_key, wait_for, watched

SECRET = "hook-secret-0123456789abcdef"
PASSWORD = "database-password-0123456789"


class Standby(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.hook = servers.Recorder(self)
        self.secrets |= {SECRET, PASSWORD}
        self.write("secrets/hook", SECRET + "\n", 0o600)
        self.write("secrets/db", PASSWORD + "\n", 0o600)
        self.sim = self.simulator(reader_key(1), reader_key(2))
        self.database = None

    def settings(self, **changes):
        if self.database is None:
            self.database = postgres.Postgres(self)
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

    def test_a_second_process_stands_by_and_takes_over_all_that_was_known(self):
        path = self.settings()
        owner = self.daemon(path)
        self.drift(owner)
        # Something undelivered, too.
        self.hook.down = True
        self.sim.delete_key(key_id(2))
        wait_for("the third", lambda: ("AtlasKeyNotFound", "") in self.firing(owner))
        since = owner.metrics().value("atlas_key_drift_since_timestamp_seconds", key="one")
        second = self.daemon(path)
        ready = second.get("/-/ready")
        self.assertEqual((ready.status, ready.text.strip()), (200, "standby"))
        self.assertEqual(owner.get("/-/ready").text.strip(), "ready")
        self.assertEqual(second.get("/-/healthy").status, 200)
        page = second.metrics()
        self.assertEqual(page.value("atlas_key_auditor_standby"), 1)
        self.assertEqual(owner.metrics().value("atlas_key_auditor_standby"), 0)
        self.assertEqual([name for name in page.families
                          if name.startswith(("atlas_key_", "atlas_org_", "atlas_alert_"))
                          and not name.startswith("atlas_key_auditor_")], [])
        self.assertEqual(page.all("atlas_key_auditor_polls_total"), [])
        self.assertEqual(second.get("/api/v1/keys").status, 503)
        self.assertIn("stands by", second.get("/").text)
        # A reload there changes nothing, and is heard.
        second.signal(signal.SIGHUP)
        second.search("standing_by(.|\n)*standing_by")
        asked = self.sim.stats()
        owner.signal(signal.SIGSTOP)  # its session lives on: nobody takes over
        time.sleep(3)
        self.assertTrue(self.stands_by(second))
        self.assertEqual(self.sim.stats(), asked)
        owner.kill()
        killed = time.monotonic()
        self.wait_for_duty(second)
        self.assertLess(time.monotonic() - killed, 15)
        self.assertEqual(self.firing(second), {
            ("AtlasKeyDrift", "role_unexpected"), ("AtlasKeyDrift", "role_missing"),
            ("AtlasKeyNotFound", "")})
        self.assertEqual(second.metrics().value("atlas_key_drift_since_timestamp_seconds",
                                                key="one"), since)
        self.hook.down = False
        wait_for("the third notification", lambda: ("AtlasKeyNotFound", None) in
                 self.hook.names("firing"))
        self.assertEqual(self.hook.names("resolved"), [])
        self.assertEqual(len(self.hook.names("firing")), 3)
        self.sim.put_key(key_id(1), roles=["ORG_READ_ONLY"])
        wait_for("the resolves", lambda: len(self.hook.names("resolved")) == 2)
        self.assertEqual(second.stop(), 0)
        verified = self.journal("verify")
        self.assertEqual(verified.returncode, 0, verified.stderr)
        self.assertIn("shard 0: verified;", verified.stdout)
        self.assertEqual(self.types().count("start"), 2)
        self.assertNotIn("key_removed", self.types())

    def test_a_stop_hands_over_at_once(self):
        path = self.settings()
        owner = self.daemon(path)
        owner.wait_for_state("one", "compliant")
        second = self.daemon(path)
        self.assertTrue(self.stands_by(second))
        self.assertEqual(owner.stop(), 0)
        self.wait_for_duty(second, 4)
        self.assertEqual(self.types().count("key_added"), 2)

    def test_through_an_outage_the_owner_goes_on_and_stays_the_owner(self):
        path = self.settings()
        owner = self.daemon(path)
        second = self.daemon(path)
        self.drift(owner)
        self.database.stop()
        self.sim.put_key(key_id(2), roles=["ORG_OWNER"])
        # Told from memory: a receiver need not wait for a database.
        wait_for("the alert", lambda: self.hook.names("firing").count(
            ("AtlasKeyDrift", "role_unexpected")) == 2)
        wait_for("the journal's", lambda: ("AtlasAuditorJournalFailing", None) in
                 self.hook.names("firing"))
        self.assertEqual(owner.get("/-/ready").status, 200)
        self.assertGreater(owner.metrics().value("atlas_key_auditor_journal_errors_total"), 0)
        self.database.start()
        owner.search("journal_works", 20)
        time.sleep(4)
        self.assertTrue(self.stands_by(second))
        self.assertFalse(self.stands_by(owner))
        owner.kill()
        self.wait_for_duty(second)
        self.assertEqual(set(self.hook.names("resolved")), {("AtlasAuditorJournalFailing", None)})
        # The page counts each once.
        self.assertIn(("AtlasKeyDrift", "role_unexpected"), self.firing(second))
        self.assertEqual(self.journal("verify").returncode, 0)

    def test_a_restart_of_the_database_is_no_alert(self):
        owner = self.daemon(self.settings())
        self.drift(owner)
        self.database.restart("immediate")
        owner.search("journal_works", 20)
        self.sim.put_key(key_id(1), roles=["ORG_READ_ONLY"])
        wait_for("the resolves", lambda: len(self.hook.names("resolved")) == 2)
        self.assertEqual(len(self.hook.names("firing")), 2)
        self.assertFalse(self.stands_by(owner))

    def test_who_lost_the_store_stops_and_stands_by(self):
        path = self.settings()
        owner = self.daemon(path)
        second = self.daemon(path)
        self.drift(owner)
        # The owner sleeps, and the server ends its session, as it does of a machine that is gone.
        owner.signal(signal.SIGSTOP)
        self.database.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid IN "
                          "(SELECT pid FROM pg_locks WHERE locktype = 'advisory')")
        self.wait_for_duty(second)
        owner.signal(signal.SIGCONT)
        wait_for("the step down", lambda: self.stands_by(owner), 15)
        self.assertIn("store_taken_over", owner.stderr)
        asked = owner.metrics().all("atlas_key_auditor_polls_total")
        self.assertEqual(asked, [])
        self.assertEqual(self.firing(second), {("AtlasKeyDrift", "role_unexpected"),
                                               ("AtlasKeyDrift", "role_missing")})
        self.assertEqual(second.stop(), 0)
        self.wait_for_duty(owner)
        self.assertEqual(len(self.firing(owner)), 2)
        self.assertEqual(self.hook.names("resolved"), [])
        self.assertEqual(len(self.hook.names("firing")), 2)
        self.assertEqual(self.journal("verify").returncode, 0)

    def test_a_database_that_hangs_does_not_hold_up_a_stop(self):
        owner = self.daemon(self.settings())
        owner.wait_for_state("one", "compliant")
        self.database.hold()
        self.addCleanup(self.database.hold, signal.SIGCONT)
        owner.wait_for_polls(4)
        begun = time.monotonic()
        owner.stop()
        self.assertLess(time.monotonic() - begun, 5.5)

    def test_without_a_database_at_the_start_keys_are_watched_after_a_while(self):
        path = self.settings()
        self.database.stop()
        alone = self.daemon(path)
        self.assertEqual(alone.get("/-/ready").status, 200)
        self.wait_for_duty(alone, 20)
        alone.wait_for_state("one", "compliant")
        self.database.start()
        alone.search("journal_works", 20)
        self.assertEqual(alone.stop(), 0)
        self.assertEqual(self.types().count("key_added"), 2)

    def test_the_password_is_in_a_file(self):
        self.database = postgres.Postgres(self, PASSWORD)
        path = self.settings(store={"url": self.database.url, "password_file":
                                    str(self.directory / "secrets/db")})
        daemon = self.daemon(path)
        daemon.wait_for_state("one", "compliant")
        self.assertEqual(daemon.metrics().value("atlas_key_auditor_standby"), 0)
        self.assertEqual(daemon.stop(), 0)
        self.assertEqual(self.journal("verify").returncode, 0)
        self.write("secrets/db", "wrong\n", 0o600)
        refused = self.journal("verify")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("password authentication failed", refused.stderr)

    def test_what_is_wrong_with_the_settings_is_said(self):
        whole = json.loads(self.config("http://127.0.0.1:1", [watched(1)]).read_text())
        for store, expected in (
                ({"url": f"postgresql://u:{PASSWORD}@h/d"}, "holds a password"),
                ({"url": f"postgresql://u@h/d?password={PASSWORD}"}, "holds a password"),
                ({"url": "postgresql://u@h/d", "password": PASSWORD}, "password_file"),
                ({"url": "mysql://h/d"}, "must begin with postgresql://"),
                ({"url": "postgresql://u@h:port/d?no=1"}, "no URL that PostgreSQL's client"),
                ({"url": "postgresql://u@h/d", "path": "x"}, "has a 'path' and a 'url'"),
                ({"path": "x", "password_env": "X"}, "a password of 'store' is for a 'url'"),
                ({"url": "postgresql://u@h/d", "password_file": "none"}, "none")):
            path = self.write("bad.yaml", {**whole, "store": store})
            ended = self.run_auditor("check", "--config", path)
            self.assertEqual(ended.wait(), 78, store)
            self.assertIn(expected, ended.stderr + ended.stdout)


if __name__ == "__main__":
    unittest.main()
