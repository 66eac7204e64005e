"""`fetch: list` against the simulator: what it costs, and what failures and gaps of the list do."""
import collections
import unittest

import harness
from harness import CLIENT_ID, CLIENT_SECRET, ORG, key_id, reader_key, wait_for, watched

KEYS = 1200  # over 3 pages, the last with the daemon's own key
LIST = f"/api/atlas/v2/orgs/{ORG}/apiKeys"
# In a day of rechecks one of 1,200 keys has its turn every 72 s of the clock, whenever the test runs.
DETECTED = {"interval": "1s", "atlas": {"api": "v2"}, "schedule": {"recheck": "365d"}}


class ListMode(harness.TestCase):
    def start(self, keys, **organization):
        """Watches the keys 1 to `keys` of a simulator that holds all of them, by an account."""
        self.sim = self.simulator(*[reader_key(number) for number in range(1, keys + 1)])
        self.path = self.config(
            self.sim.url, [watched(number) for number in range(1, keys + 1)],
            credential={"service_account": {
                "client_id": CLIENT_ID,
                "client_secret_file": str(self.write("secrets/sa", CLIENT_SECRET, 0o600))}},
            first={"fetch": "list", **organization}, **DETECTED)

    def routes(self):
        return collections.Counter(self.sim.stats()["byRoute"])

    def count(self, daemon, outcome):
        return daemon.metrics().value("atlas_key_auditor_polls_total", org="acme",
                                      outcome=outcome) or 0

    def test_three_requests_judge_1200_keys(self):
        self.start(KEYS)
        daemon = self.daemon(self.path)
        daemon.wait_for_polls(4 * KEYS, 30)
        routes, polls = self.routes(), daemon.polls()
        self.assertLessEqual((routes["list_keys"] - 3) / polls, 3 / KEYS)
        self.assertEqual(routes["get_key"], 0)
        self.assertEqual(routes["token"], 1)
        metrics = daemon.metrics()
        polled = {one["outcome"] for one in metrics.all("atlas_key_auditor_polls_total")
                  if one.value}
        self.assertEqual(polled, {"compliant"})
        self.assertEqual(len(metrics.all("atlas_key_compliant")), KEYS)
        requests = sum(one.value for one in metrics.all("atlas_key_auditor_api_requests_total"))
        self.assertLessEqual(requests, 3 + 3 * daemon.polls() / KEYS)

    def test_a_page_that_fails_fails_the_keys_not_seen_by_then(self):
        self.start(KEYS)
        self.sim.fault("delay", delay="1ms", path=LIST, count=1)  # page 1 is spared
        self.sim.fault("answer", status=500, path=LIST, count=1)
        daemon = self.daemon(self.path)
        wait_for("a whole walk", lambda: self.count(daemon, "compliant") >= 500 + KEYS)
        self.assertEqual(self.count(daemon, "error"), KEYS - 500)
        self.assertEqual(self.routes()["get_key"], 0)

    def test_a_429_in_the_middle_holds_the_walk(self):
        self.start(KEYS)
        self.sim.fault("delay", delay="1ms", path=LIST, count=1)
        self.sim.fault("throttle", retryAfter=2, path=LIST, count=1)
        daemon = self.daemon(self.path)
        wait_for("the throttled page", lambda: self.count(daemon, "rate_limited") >= KEYS - 500)
        self.assertEqual(self.count(daemon, "rate_limited"), KEYS - 500)
        self.assertEqual(self.routes()["list_keys"], 2)
        wait_for("the next walk", lambda: self.count(daemon, "compliant") >= 500 + KEYS)
        self.assertEqual(self.count(daemon, "rate_limited"), KEYS - 500)

    def test_a_key_that_the_list_lacks_is_asked_for_by_itself(self):
        self.start(20)
        daemon = self.daemon(self.path)
        daemon.wait_for_state("key7", "compliant")
        self.sim.delete_key(key_id(7))
        daemon.wait_for_state("key7", "not_found", "key_missing")
        wait_for("the alert", lambda: daemon.metrics().value(
            "atlas_alert_firing", alertname="AtlasKeyNotFound") or daemon.metrics().all(
                "atlas_alert_firing", key="key7"))
        asked = self.routes()["get_key"]
        self.assertEqual(asked, 2)  # `confirm`; then the list stands for more of them
        success = lambda: daemon.metrics().value("atlas_key_last_success_timestamp_seconds",
                                                 key="key7")
        before = success()
        wait_for("the key to stay proven", lambda: success() >= before + 3)
        self.assertEqual(self.routes()["get_key"], asked)
        self.sim.put_key(key_id(7), desc="key 7", publicKey="reader07", roles=["ORG_READ_ONLY"])
        daemon.wait_for_state("key7", "compliant")

    def test_a_key_that_cannot_be_read_spoils_no_other(self):
        self.start(20)
        self.sim.put_key(key_id(7), roles=None)
        daemon = self.daemon(self.path)
        daemon.wait_for_state("key7", "error", "invalid_body")
        daemon.wait_for_state("key8", "compliant")

    def test_one_walk_serves_discovery_and_an_audit_too(self):
        self.start(KEYS, discover=True)
        process, document = self.audit(self.path)
        self.assertEqual(process.process.returncode, 2)  # the daemon's own key is not listed
        self.assertEqual(document["summary"]["compliant"], KEYS)
        self.assertEqual(len(document["unmanaged"]), 1)
        self.assertEqual(self.routes()["list_keys"], 3)
        self.assertEqual(self.routes()["get_key"], 0)

    def test_each_key_has_its_turn_by_itself(self):
        self.start(20)
        text = self.path.read_text().replace('"recheck": "365d"', '"recheck": "2s"')
        self.path.write_text(text)
        daemon = self.daemon(self.path)
        wait_for("two rounds", lambda: self.routes()["get_key"] >= 40)
        self.assertLess(self.routes()["list_keys"], 20)
        for outcome in ("drift", "error", "rate_limited"):
            self.assertEqual(self.count(daemon, outcome), 0)

    def test_a_reload_changes_the_mode(self):
        self.start(20)
        daemon = self.daemon(self.path)
        daemon.wait_for_polls(40)
        self.assertEqual(self.routes()["get_key"], 0)
        self.path.write_text(self.path.read_text().replace('"fetch": "list"', '"fetch": "per_key"'))
        daemon.signal(harness.signal.SIGHUP)
        wait_for("single polls", lambda: self.routes()["get_key"] >= 20)
        self.path.write_text(self.path.read_text().replace('"fetch": "per_key"', '"fetch": "list"'))
        daemon.signal(harness.signal.SIGHUP)
        lists = self.routes()["list_keys"]
        wait_for("lists again", lambda: self.routes()["list_keys"] >= lists + 2)
        singles = self.routes()["get_key"]
        daemon.wait_for_polls(40)
        self.assertEqual(self.routes()["get_key"], singles)

    def test_check_counts_pages(self):
        self.start(KEYS)
        text = self.path.read_text().replace('"per_minute": 100000', '"per_minute": 240')
        self.path.write_text(text.replace('"recheck": "365d"', '"recheck": "24h"'))
        process = self.run_auditor("check", "--config", self.path, "--explain")
        self.assertEqual(process.process.returncode, 0, process.stderr)
        self.assertIn("requests   180.8 a minute of the 240 that the rate limit allows; each key every "
                      "1s, in lists of up to 500, and by itself every 1d", process.stdout)
        self.assertNotIn("no effect", process.stderr)


if __name__ == "__main__":
    unittest.main()
