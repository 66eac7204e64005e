"""`check --explain`, and what `run` makes of a schedule that the rate limit cannot serve."""
import datetime
import json
import re
import unittest

import harness
from harness import ORG, key_id, reader_key, watched


class Schedule(harness.TestCase):
    def slow(self, interval):
        """Twenty keys against a limit of thirty requests a minute."""
        return self.config(
            self.sim.url, [watched(number) for number in range(1, 21)], interval=interval,
            atlas={"rate_limit": {"burst": 20, "per_minute": 30}},
            schedule={"jitter": "10%", "stale_after": 3})

    def setUp(self):
        super().setUp()
        self.sim = self.simulator(*[reader_key(number) for number in range(1, 21)])

    def test_policy_requests_and_worst_time_are_told(self):
        until = (datetime.datetime.now(datetime.timezone.utc)
                 + datetime.timedelta(days=30)).strftime("%Y-%m-%dT%H:%M:%SZ")
        path = self.config(
            self.sim.url,
            [watched(1, owner="payments-team", public_key="readerab", waivers=[
                {"kind": "role_unexpected", "role": "ORG_OWNER", "until": until,
                 "reason": "migration", "ticket": "SEC-7"}]),
             {"id": key_id(2), "name": "gone", "expect": "absent"},
             {"id": key_id(3), "name": "builder", "policy": "builder"}],
            interval="1m", atlas={"rate_limit": {"burst": 100, "per_minute": 90}},
            schedule={"jitter": "10%"},
            policies={"reader": {"roles": {"exact": ["ORG_READ_ONLY"]}},
                      "builder": {"description": {"regex": "^ci "},
                                  "roles": {"required": ["ORG_MEMBER"],
                                            "allowed": ["GROUP_READ_ONLY@*"],
                                            "forbidden": ["*_OWNER", "GROUP_OWNER@*"]},
                                  "severity": {"role_missing": "info"}}})
        told = self.run_auditor("check", "--config", path, "--explain")
        self.assertEqual((told.process.returncode, told.stderr), (0, ""))
        rows = [" ".join(line.split()) for line in told.stdout.splitlines()]
        for row in (f"organization acme ({ORG}), credential prod, 3 keys",
                    "requests 3 a minute of the 90 that the rate limit allows; each key every 1m",
                    # 60 s, 6 s of jitter, 5 s of timeout.
                    "detection at most 1m11s after a change: the interval, 10% jitter and a "
                    "timeout of 5s",
                    f"key key1 ({key_id(1)}), owner payments-team", "policy reader",
                    "exactly ORG_READ_ONLY", "public key readerab",
                    f"waiver role_unexpected ORG_OWNER until {until} (active) SEC-7: migration",
                    f"key gone ({key_id(2)})", "expected absent", "policy builder",
                    "required ORG_MEMBER", "allowed GROUP_READ_ONLY@*",
                    "forbidden *_OWNER, GROUP_OWNER@*", "description fits ^ci ",
                    "severity role_missing is info"):
            self.assertIn(row.strip(), rows)

    def test_a_schedule_that_cannot_be_kept_is_an_error_with_the_interval_that_can(self):
        path = self.slow("10s")
        told = self.run_auditor("check", "--config", path, "--explain")
        self.assertEqual(told.process.returncode, 78)
        self.assertIn("stretched to 40s", told.stdout)
        self.assertRegex(told.stderr, rf"{re.escape(str(path))}:\d+:\d+: .*'acme' needs 120 "
                                      r"requests a minute.*allows 30; the shortest interval that "
                                      r"fits is 40s")
        self.assertEqual(self.run_auditor("check", "--config", path).process.returncode, 78)
        self.assertEqual(self.run_auditor("check", "--config",
                                          self.slow("39s")).process.returncode, 78)
        self.assertEqual(self.run_auditor("check", "--config",
                                          self.slow("40s")).process.returncode, 0)

    def test_run_stretches_warns_and_exports_what_comes_of_it(self):
        daemon = self.daemon(self.slow("10s"))
        daemon.search(r"interval_stretched.*acme.*10s.*40s.*shortest interval that fits is 40s")
        metrics = daemon.metrics()
        self.assertEqual(metrics.value("atlas_org_effective_interval_seconds"), 40)
        self.assertEqual(metrics.value("atlas_org_detection_bound_seconds"), 49)

    def test_what_the_simulator_writes_is_accepted_however_many_keys_it_holds(self):
        path = self.directory / "generated.yaml"
        self.keep(harness.Simulator("--keys", "1000", "--organizations", "3", "--write-config",
                                    path))
        checked = self.run_auditor("check", "--config", path)
        self.assertEqual((checked.process.returncode, checked.stderr), (0, ""))

    def test_what_the_simulator_writes_keeps_to_an_organization_s_own_limit(self):
        fixture = json.loads(self.fixture(*[reader_key(number) for number in range(1, 13)])
                             .read_text())
        fixture["organizations"][0]["rateLimit"] = {"burst": 5, "perMinute": 600}
        path = self.directory / "written.yaml"
        sim = self.keep(harness.Simulator("--fixture", self.write("small.json", fixture, 0o600),
                                          "--write-config", path))
        audit, document = self.audit(path)
        self.assertEqual(audit.process.returncode, 0, audit.stderr)
        self.assertEqual(document["summary"]["compliant"], 12)
        self.assertNotIn("429", sim.stats()["byStatus"])


if __name__ == "__main__":
    unittest.main()
