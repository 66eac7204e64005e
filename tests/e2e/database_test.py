"""A store in PostgreSQL while that is away, hangs or refuses, and its settings."""
import json
import signal
import time
import unittest

import postgres
from harness import key_id, wait_for, watched
from postgres import PASSWORD


class Database(postgres.StoreTest):
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

    def test_an_organization_that_moves_to_another_shard_takes_its_past_along(self):
        path = self.settings()
        first = self.daemon(path, "--shard", "0/1")
        self.drift(first)
        since = first.metrics().value("atlas_key_drift_since_timestamp_seconds", key="one")
        starts = {start for _, _, _, start in self.hook.alerts()}
        self.assertEqual(first.stop(), 0)
        # By the hash it is in shard 1 of 2.
        rest, second = self.daemon(path, "--shard", "0/2"), self.daemon(path, "--shard", "1/2")
        self.assertEqual(self.firing(second), {("AtlasKeyDrift", "role_unexpected"),
                                               ("AtlasKeyDrift", "role_missing")})
        second.wait_for_polls(2)
        self.assertEqual(second.metrics().value("atlas_key_drift_since_timestamp_seconds",
                                                key="one"), since)
        self.assertEqual(self.firing(rest), set())
        self.sim.put_key(key_id(1), roles=["ORG_READ_ONLY"])
        wait_for("the resolves", lambda: len(self.hook.names("resolved")) == 2)
        self.assertEqual({start for _, _, _, start in self.hook.alerts()}, starts)
        self.assertEqual((rest.stop(), second.stop()), (0, 0))
        types = self.types()
        self.assertEqual(types.count("key_added"), 2)
        self.assertEqual(types.count("alert_resolved"), 2)
        self.assertNotIn("key_removed", types)
        verified = self.journal("verify").stdout
        self.assertIn("shard 0: verified;", verified)
        self.assertIn("shard 1: verified;", verified)
        self.assertIn("role_unexpected", self.journal("show", "--shard", "1").stdout)

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
