"""A running daemon is given another configuration, good or bad, and other secrets."""
import re
import signal
import time
import unittest

import harness
from harness import ORG, key_id, reader_key, wait_for, watched


class Reload(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.sim = self.simulator(reader_key(1), reader_key(2))
        self.settings = {"web": {"lifecycle": True}}
        self.path = self.config(self.sim.url, [watched(1), watched(2)], **self.settings)
        self.daemon = self.daemon(self.path)
        self.daemon.wait_for_state("key1", "compliant")
        self.daemon.wait_for_state("key2", "compliant")

    def successful(self):
        return self.daemon.metrics().value("atlas_key_auditor_config_last_reload_successful")

    def test_a_signal_takes_the_new_file_and_a_removed_key_leaves(self):
        self.config(self.sim.url, [watched(2)], **self.settings)
        self.daemon.signal(signal.SIGHUP)
        metrics = wait_for("key1 to leave", lambda: (metrics := self.daemon.metrics()) and
                           "key1" not in metrics.text and metrics)
        self.assertNotIn(key_id(1), metrics.text)
        # What is known of the other one survives.
        self.assertEqual(metrics.value("atlas_key_compliant", key="key2"), 1)
        self.assertEqual(self.successful(), 1)
        self.assertEqual(self.daemon.get(f"/api/v1/keys/{ORG}/{key_id(1)}").status, 404)

    def test_a_bad_file_leaves_the_old_configuration_in_force(self):
        good = self.path.read_text()
        self.path.write_text(good.replace('"policy": "reader"', '"policy": "raeder"'))
        self.daemon.signal(signal.SIGHUP)
        wait_for("the refusal", lambda: self.successful() == 0)
        self.daemon.search(r"raeder")
        self.daemon.wait_for_polls(2)
        self.assertEqual(self.daemon.metrics().value("atlas_key_compliant", key="key1"), 1)
        answer = self.daemon.get("/-/reload", method="POST")
        self.assertEqual(answer.status, 500)
        self.assertIn("raeder", answer.text)

        self.path.write_text(good)
        self.assertEqual(self.daemon.get("/-/reload", method="POST").status, 200)
        self.assertEqual(self.successful(), 1)

    def test_a_rotated_secret_is_taken_over_without_a_reload(self):
        fresh = "0badcafe-1111-4222-8333-5ec2e75ec2e7"
        self.secrets.add(fresh)
        self.sim.put_key(key_id(0xffff), privateKey=fresh)
        # A nonce is good for a minute, but with the old secret only.
        self.daemon.wait_for_state("key1", "unauthorized", "bad_credentials")
        secret = self.directory / "secrets/prod.key"
        secret.write_text(fresh)
        self.daemon.wait_for_state("key1", "compliant")
        self.daemon.search("secret_replaced.*credential=")
        self.daemon.wait_for_state("key2", "compliant")

    def test_a_signal_ends_it_within_a_moment(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            daemon = self.daemon if number == signal.SIGINT else self.keep(
                harness.Daemon(self, self.path))
            daemon.signal(number)
            self.assertEqual(daemon.wait(5), 0)


class Weakened(harness.TestCase):
    """A reload that asks for less is told; one that asks for more is not."""

    def setUp(self):
        super().setUp()
        self.sim = self.simulator(reader_key(1), reader_key(2))
        self.load = lambda rules, keys=(watched(1), watched(2)), **blocks: self.config(
            self.sim.url, list(keys), web={"lifecycle": True},
            policies={"reader": {"roles": rules}},
            store={"path": str(self.directory / "journal.db")}, **blocks)
        self.start = self.load({"required": ["ORG_READ_ONLY"], "allowed": ["ORG_MEMBER"],
                                "forbidden": ["ORG_OWNER"]})
        self.daemon = self.daemon(self.start)

    def reload(self):
        self.daemon.signal(signal.SIGHUP)
        seen = self.loads
        self.loads += 1
        wait_for("the reload", lambda: self.daemon.stderr.count("config_loaded") > seen)

    loads = 1

    def weakened(self):
        return self.daemon.metrics().value(
            "atlas_key_auditor_config_last_weakened_timestamp_seconds")

    def events(self):
        return [line for line in self.daemon.stderr.splitlines() if "policy_weakened" in line]

    def test_only_what_weakens_is_named_with_key_and_kind(self):
        self.assertEqual(self.weakened(), 0)
        self.load({"required": ["ORG_READ_ONLY"], "forbidden": ["*_OWNER", "ORG_BILLING_ADMIN"]})
        self.reload()
        self.assertEqual((self.weakened(), self.events()), (0, []))

        before = time.time()
        self.load({"required": ["ORG_READ_ONLY"], "allowed": ["ORG_BILLING_ADMIN"],
                   "forbidden": ["*_OWNER"]}, keys=[watched(1)], schedule={"confirm": 3})
        self.reload()
        wait_for("the metric", lambda: self.weakened() >= int(before))
        wait_for("its events", lambda: len(self.events()) >= 4)
        told = [re.search(r'org=(\S+) .*?(?:key=(\S+) .*?)?weakening=(\S+)', line).groups()
                for line in self.events()]
        self.assertEqual(told, [("acme", None, "confirm_raised"),
                                ("acme", "key1", "role_allowed"),
                                ("acme", "key1", "role_not_forbidden"),
                                ("acme", "key2", "key_unwatched")])


if __name__ == "__main__":
    unittest.main()
