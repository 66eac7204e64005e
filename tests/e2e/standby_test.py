"""The process that stands by: what the owner knew is known to the one that takes over, and whoever lost
the store says no more."""
import signal
import time
import unittest

import postgres
from harness import key_id, wait_for


class Standby(postgres.StoreTest):
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


if __name__ == "__main__":
    unittest.main()
