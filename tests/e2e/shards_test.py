"""Several daemons that share a configuration: each watches its own organizations, and what an
organization leaves behind when it moves makes no noise."""
import json
import subprocess
import unittest

import harness
import servers
from harness import BIN, ORG, OTHER_ORG, key_id, reader_key, wait_for, watched

# By the hash: ORG is in shard 1 of 2 and OTHER_ORG in shard 0.
SECRET = "hook-secret-0123456789abcdef"


class Shards(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.hook = servers.Recorder(self)
        self.secrets.add(SECRET)
        self.write("secrets/hook", SECRET + "\n", 0o600)
        watcher = {"id": key_id(0xfffe), "desc": "auditor", "publicKey": "auditwtw",
                   "privateKey": harness.PRIVATE_KEY, "roles": ["ORG_READ_ONLY"]}
        other = {"id": OTHER_ORG, "name": "other", "keys": [reader_key(2), watcher]}
        self.sim = self.simulator(reader_key(1), organizations=[other])
        self.store = self.directory / "journal.db"
        self.policies = {"reader": {"roles": {"exact": ["ORG_READ_ONLY"]}}}
        self.other = {"id": OTHER_ORG, "name": "other", "credential": "other",
                      "keys": [watched(2, "two")]}

    def settings(self, key_changes=None, **changes):
        key = str(self.write("secrets/prod.key", harness.PRIVATE_KEY + "\n", 0o600))
        credentials = {name: {"digest": {"public_key": public, "private_key_file": key}}
                       for name, public in (("prod", "auditkey"), ("other", "auditwtw"))}
        blocks = {"store": {"path": str(self.store)}, "policies": self.policies,
                  "credentials": credentials, "alerting": {
            "webhooks": [{"name": "soc", "url": self.hook.url, "secret_file":
                          str(self.directory / "secrets/hook")}]}}
        return self.config(self.sim.url, [watched(1, "one", **(key_changes or {}))],
                           organizations=[self.other], **{**blocks, **changes})

    def shard(self, text, path=None, **options):
        return self.daemon(path or self.settings(), "--shard", text, **options)

    def journal(self, command, *arguments, path=None):
        return subprocess.run([BIN / "atlas-key-auditor", "journal", command, "--config",
                               path or self.settings(), *arguments], capture_output=True, text=True,
                              check=False)

    def records(self, shard):
        return [json.loads(line) for line in
                self.journal("export", "--shard", str(shard)).stdout.splitlines()]

    def types(self, shard):
        return [record["type"] for record in self.records(shard)]

    def test_every_organization_is_watched_once(self):
        daemons = [self.shard("0/2"), self.shard("ordinal/2", env={"POD_NAME": "auditor-1"})]
        daemons[0].wait_for_state("two", "compliant")
        daemons[1].wait_for_state("one", "compliant")
        for index, (daemon, org) in enumerate(zip(daemons, ("other", "acme"))):
            page = daemon.metrics()
            self.assertEqual({sample["org"] for sample in page.all("atlas_org_up")}, {org})
            self.assertEqual({sample["org"] for sample in
                              page.all("atlas_key_auditor_polls_total")}, {org})
            self.assertEqual(page.all("atlas_key_auditor_shard_info"),
                             [{"shard": str(index), "shards": "2"}])
            self.assertEqual(len(daemon.data("/api/v1/keys")), 1)
            self.assertIn(f'"shard":"{index}/2"', self.journal("show", "--shard", str(index)).stdout)
            loaded = next(one for one in self.records(index) if one["type"] == "config_loaded")
            self.assertEqual(loaded["data"]["keys"], 2)
        self.assertTrue((self.directory / "journal-0.db").exists())
        self.assertFalse(self.store.exists())
        verified = self.journal("verify")
        self.assertEqual(verified.returncode, 0, verified.stderr)
        self.assertEqual(verified.stdout.count("verified;"), 2)
        alone = self.journal("verify", "--shard", "1").stdout
        self.assertIn("journal-1.db: verified;", alone)
        self.assertNotIn("journal-0.db", alone)
        self.assertEqual(self.journal("verify", "--shard", "7").returncode, 1)

    def test_a_second_daemon_of_the_same_shard_is_refused(self):
        self.shard("1/2")
        second = self.run_auditor("run", "--config", self.settings(), "--shard", "1/2")
        self.assertEqual(second.wait(), 1)
        self.assertIn("journal-1.db", second.stderr)

    def test_a_shard_without_organizations_is_ready_and_empty(self):
        daemon = self.shard("2/3")
        self.assertEqual(daemon.get("/-/ready").status, 200)
        self.assertEqual(daemon.get("/-/healthy").status, 200)
        page = daemon.metrics()
        self.assertFalse([name for name in page.families if name.startswith("atlas_key_up")])
        self.assertFalse(page.all("atlas_org_up"))
        self.assertEqual(daemon.data("/api/v1/keys"), [])
        daemon.signal(1)
        daemon.search("config_loaded(.|\n)*config_loaded")
        self.assertEqual(daemon.stop(), 0)

    def test_without_shards_all_is_watched(self):
        daemon = self.daemon(self.settings())
        self.assertEqual(daemon.metrics().all("atlas_key_auditor_shard_info"),
                         [{"shard": "0", "shards": "1"}])
        self.assertEqual(len(daemon.data("/api/v1/keys")), 2)

    def test_what_is_wrong_is_said(self):
        for text, expected in (("2/2", "there is no shard 2 of 2"), ("1-2", "expects I/N"),
                               ("ordinal/2", "ends in '-' and a number")):
            ended = self.run_auditor("run", "--config", self.settings(), "--shard", text,
                                     env={"POD_NAME": "pod", "HOSTNAME": "pod"})
            self.assertEqual(ended.wait(), 1, text)
            self.assertIn("--shard: ", ended.stderr)
            self.assertIn(expected, ended.stderr)

    def test_the_configuration_is_validated_and_compared_whole(self):
        path = self.settings(name="a.yaml")
        daemon = self.shard("0/2", path)
        daemon.wait_for_state("two", "compliant")
        # Of the organization that the other shard watches.
        self.policies = {"reader": {"roles": {"allowed": ["*"]}}}
        self.settings(name="a.yaml")
        daemon.signal(1)
        daemon.search("policy_weakened")
        wait_for("the records of both", lambda: {
            one["org_id"] for one in self.records(0) if one["type"] == "policy_weakened"}
            == {ORG, OTHER_ORG})
        broken = self.settings(name="b.yaml", key_changes={"policy": "none"})
        ended = self.run_auditor("run", "--config", broken, "--shard", "0/2")
        self.assertEqual(ended.wait(), 78)

    def test_an_organization_that_moves_away_leaves_in_silence(self):
        first = self.shard("0/1")
        first.wait_for_state("one", "compliant")
        self.sim.put_key(key_id(1), roles=["ORG_OWNER"])
        wait_for("the alert", lambda: ("AtlasKeyDrift", "role_unexpected") in
                 self.hook.names("firing"))
        self.assertEqual(first.stop(), 0)
        before = self.types(0)
        told = len(self.hook.names("firing"))
        first = self.shard("0/2")
        first.wait_for_polls(3)
        self.assertEqual({sample["alert"] for sample in first.metrics().all("atlas_alert_firing")},
                         set())
        self.assertEqual(first.stop(), 0)
        after = self.types(0)[len(before):]
        self.assertFalse({"key_removed", "alert_resolved", "finding_closed"} & set(after), after)
        self.assertEqual(self.hook.names("resolved"), [])
        self.assertEqual(len(self.hook.names("firing")), told)
        # Where it went, it starts afresh, and what is wrong is told again.
        second = self.shard("1/2")
        wait_for("the alert again", lambda: self.hook.names("firing").count(
            ("AtlasKeyDrift", "role_unexpected")) == 2)
        self.assertEqual(self.types(1).count("key_added"), 1)
        self.assertEqual(second.stop(), 0)
        # Back where it was it is new as well: what was known there is long out of date.
        first = self.shard("0/1")
        first.wait_for_state("one", "drift")
        self.assertEqual(self.types(0)[len(before):].count("key_added"), 1)
        self.assertNotIn("key_removed", self.types(0))


if __name__ == "__main__":
    unittest.main()
