"""What is held against a key, whatever the service does: roles in any order, a waiver that ends."""
import datetime
import re
import time
import unittest
import urllib.request

import harness
from harness import MANY_ROLES, ORG, PRIVATE_KEY, key_id, reader_key, wait_for, watched


class AnyOrder(harness.TestCase):
    """Roles come in another order each time; that is no change."""

    POLLS = 200  # tests/measure/shuffled_roles.py does a thousand, of each key

    def order(self, number):
        """How the service orders the roles now."""
        url = f"{self.sim.url}/api/atlas/v1.0/orgs/{ORG}/apiKeys/{key_id(number)}"
        passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
        passwords.add_password(None, self.sim.url, "auditkey", PRIVATE_KEY)
        opener = urllib.request.build_opener(urllib.request.HTTPDigestAuthHandler(passwords))
        with opener.open(url) as answer:
            return re.findall(rb'"groupId" ?: ?"(\w+)"', answer.read())

    def test_no_finding_opens_or_closes(self):
        fits, drifts = range(1, 21), range(21, 41)
        self.sim = self.simulator(
            *[reader_key(number, roles=MANY_ROLES) for number in fits],
            *[reader_key(number, roles=[*MANY_ROLES[:-2], "ORG_OWNER", "ORG_BILLING_ADMIN"])
              for number in drifts])
        orders = [self.order(1) for _ in range(4)]
        self.assertEqual(len(orders[0]), 25)
        self.assertEqual(len({tuple(sorted(order)) for order in orders}), 1)
        self.assertGreater(len({tuple(order) for order in orders}), 1, "the order never changes")
        daemon = self.daemon(self.config(
            self.sim.url, [watched(number) for number in (*fits, *drifts)],
            policies={"reader": {"roles": {"exact": MANY_ROLES}}}))
        for number in (*fits, *drifts):
            daemon.wait_for_state(f"key{number}", "compliant" if number in fits else "drift")
        moves = lambda: (daemon.stderr.count("finding_opened"),
                         daemon.stderr.count("finding_closed"))
        # Two roles too many, two missing.
        wait_for("the findings", lambda: moves() == (4 * len(drifts), 0))
        first = daemon.data("/api/v1/findings")
        daemon.wait_for_polls(self.POLLS, 60)
        self.assertEqual(moves(), (4 * len(drifts), 0))
        self.assertEqual(daemon.data("/api/v1/findings"), first)
        self.assertEqual({sample.value for sample in daemon.metrics().all("atlas_key_compliant")},
                         {0, 1})


class Forgiven(harness.TestCase):
    """A waiver ends at its instant, whatever the service does then."""

    def test_it_lapses_everywhere_at_once_without_a_poll(self):
        seconds = 5 * max(1, int(harness.SLOWNESS))
        sim = self.simulator(reader_key(1, roles=["ORG_READ_ONLY", "ORG_OWNER"]), reader_key(2))
        until = datetime.datetime.fromtimestamp(int(time.time()) + seconds, datetime.timezone.utc)
        waiver = {"kind": "role_unexpected", "role": "ORG_OWNER", "reason": "migration",
                  "until": until.strftime("%Y-%m-%dT%H:%M:%SZ")}
        daemon = self.daemon(self.config(
            sim.url, [watched(1, "one", waivers=[waiver]), watched(2, "two")],
            schedule={"stale_after": 1000}))
        daemon.wait_for_state("one", "compliant")
        daemon.wait_for_state("two", "compliant")
        sim.fault("reset", stage="arrival")
        daemon.wait_for_state("one", "error", "connect")
        success = daemon.metrics().value("atlas_key_last_success_timestamp_seconds", key="one")

        waived = self.watch(daemon, until.timestamp())
        self.assertEqual(waived, {"before", "after"})
        metrics = daemon.metrics()
        self.assertEqual(metrics.value("atlas_key_last_success_timestamp_seconds", key="one"),
                         success)
        self.assertEqual(metrics.value("atlas_key_compliant", key="one"), 0)
        self.assertEqual(metrics.value("atlas_key_compliant", key="two"), 1)
        finding = metrics.all("atlas_key_finding")
        self.assertEqual([(one["key"], one["kind"], one["role"], one["severity"])
                          for one in finding],
                         [("one", "role_unexpected", "ORG_OWNER", "critical")])
        daemon.search(r"waiver_lapsed.*one.*role_unexpected")

    def watch(self, daemon, until):
        """Reads every page until a second past the instant: which sides of it were seen."""
        seen = set()
        pages = {
            "compliant": lambda: daemon.metrics().value("atlas_key_compliant", key="one") == 1,
            "finding": lambda: not daemon.metrics().all("atlas_key_finding"),
            "expiring": lambda: self.waivers(daemon) == {"expiring": 1},
            "key": lambda: [finding["waived"] for finding in
                            daemon.data(f"/api/v1/keys/{ORG}/{key_id(1)}")["findings"]] == [True],
            "keys": lambda: [finding["waived"] for key in daemon.data("/api/v1/keys")
                             for finding in key["findings"]] == [True],
            "findings": lambda: [finding["waived"] for finding in
                                 daemon.data("/api/v1/findings")] == [True]}
        while time.time() < until + 1:
            for name, forgiven in pages.items():
                before = time.time()
                is_forgiven = forgiven()
                if time.time() < until:
                    seen.add("before")
                    self.assertTrue(is_forgiven, f"{name}, ahead of its instant")
                elif before >= until:
                    seen.add("after")
                    self.assertFalse(is_forgiven, f"{name}, {before - until} s after its instant")
        self.assertEqual(self.waivers(daemon), {"expired": 1})
        return seen

    @staticmethod
    def waivers(daemon):
        return {sample["state"]: sample.value
                for sample in daemon.metrics().all("atlas_org_waivers") if sample.value}


if __name__ == "__main__":
    unittest.main()
