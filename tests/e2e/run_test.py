"""The daemon on the organization of the quickstart, from the first poll to the last signal."""
import re
import shutil
import signal
import subprocess
import unittest

import harness
import servers
from harness import ORG, SOURCE, key_id, wait_for

KEYS = {"ci": "64aa11bb22cc33dd44ee5501", "reports": "64aa11bb22cc33dd44ee5502",
        "backup": "64aa11bb22cc33dd44ee5503", "terraform": "64aa11bb22cc33dd44ee5504",
        "old-ci": "64aa11bb22cc33dd44ee5505"}
PROJECT = "5f1a2b3c4d5e6f7a8b9c0d2f"


class Quickstart(harness.TestCase):
    """deploy/quickstart as it is shipped, with other ports and a shorter interval."""

    def setUp(self):
        super().setUp()
        for name in ("fixture.json", "auditor.yaml"):
            shutil.copy(SOURCE / "deploy/quickstart" / name, self.directory / name)
        self.sim = self.keep(harness.Simulator("--fixture", self.directory / "fixture.json"))
        self.secrets.add((self.directory / "auditor.key").read_text().strip())
        self.tap = servers.Wiretap(self, self.sim.url)
        path = self.directory / "auditor.yaml"
        text = path.read_text().replace("interval: 10s", "interval: 1s, jitter: 0%")
        text = re.sub(r"base_url: \S+", f"base_url: {self.tap.url}\n"
                      "  rate_limit: {burst: 1000, per_minute: 1000}", text)
        path.write_text(text + "log: {level: debug}\n")
        self.daemon = self.daemon(path)

    def settle(self):
        for key, state, reason in (("ci", "compliant", ""), ("reports", "drift", ""),
                                   ("backup", "forbidden", "ip_not_on_access_list"),
                                   ("terraform", "not_found", "key_missing"),
                                   ("old-ci", "compliant", "")):
            metrics = self.daemon.wait_for_state(key, state, reason)
        return metrics

    def test_every_state_shows_on_every_page(self):
        metrics = self.settle()
        verdicts = {key: metrics.value("atlas_key_compliant", key=key) for key in KEYS}
        self.assertEqual(verdicts, {"ci": 1, "reports": 0, "backup": None, "terraform": 0,
                                    "old-ci": 1})
        statuses = {key: metrics.value("atlas_key_http_status_code", key=key) for key in KEYS}
        self.assertEqual(statuses, {"ci": 200, "reports": 200, "backup": 403, "terraform": 400,
                                    "old-ci": 400})
        self.assertEqual(metrics.value("atlas_key_finding", key="reports"), 1)
        self.assertEqual(
            dict(metrics.all("atlas_key_finding", key="reports")[0]),
            {"org_id": ORG, "org": "acme", "key_id": KEYS["reports"], "key": "reports",
             "kind": "role_forbidden", "severity": "critical", "role": "GROUP_OWNER",
             "project_id": PROJECT})
        self.assertEqual(metrics.value("atlas_org_keys"), 5)
        self.assertEqual(metrics.value("atlas_org_up"), 1)

        if shutil.which("promtool"):
            checked = subprocess.run(["promtool", "check", "metrics"], input=metrics.text,
                                     text=True, capture_output=True)
            self.assertEqual((checked.returncode, checked.stdout + checked.stderr), (0, ""))

        keys = self.daemon.data("/api/v1/keys")
        self.assertEqual([key["key"] for key in keys], list(KEYS))
        findings = self.daemon.data("/api/v1/findings")
        self.assertEqual([(finding["key"], finding["kind"]) for finding in findings],
                         [("reports", "role_forbidden"), ("terraform", "key_missing")])
        one = self.daemon.data(f"/api/v1/keys/{ORG}/{KEYS['reports']}")
        self.assertEqual(one["findings"][0]["role"], "GROUP_OWNER")
        self.assertEqual(one["owner"], "finance-team")
        self.assertEqual(self.daemon.get(f"/api/v1/keys/{ORG}/{key_id(0xdead)}").status, 404)
        self.daemon.data("/api/v1/status")
        front = self.daemon.get("/")
        for link in ("/metrics", "/api/v1/keys", "/api/v1/findings"):
            self.assertIn(link, front.text)
        self.assertEqual(self.daemon.get("/-/healthy").status, 200)
        self.assertEqual(self.daemon.get("/-/ready").status, 200)
        self.assertEqual(self.daemon.get("/-/reload", method="POST").status, 403)
        self.assertEqual(self.daemon.get("/nothing").status, 404)

        check = self.run_auditor("healthcheck", "--url", self.daemon.url + "/-/healthy")
        self.assertEqual(check.process.returncode, 0)
        self.daemon.signal(signal.SIGTERM)
        self.assertEqual(self.daemon.wait(5), 0)
        check = self.run_auditor("healthcheck", "--url", self.daemon.url + "/-/healthy")
        self.assertEqual(check.process.returncode, 1)
        self.assertIn(self.daemon.url, check.stderr)

    def test_drift_comes_and_goes(self):
        self.settle()
        self.sim.put_key(KEYS["ci"], roles=["ORG_MEMBER", "ORG_OWNER"])
        metrics = self.daemon.wait_for_state("ci", "drift")
        self.assertEqual(metrics.value("atlas_key_compliant", key="ci"), 0)
        self.assertEqual(metrics.value("atlas_key_roles_missing", key="ci"), 1)
        self.assertEqual(metrics.value("atlas_key_roles_unexpected", key="ci"), 1)
        self.assertGreater(metrics.value("atlas_key_drift_since_timestamp_seconds", key="ci"), 1e9)
        self.daemon.search(r"finding_opened.*ci.*role_unexpected.*ORG_OWNER")

        self.sim.put_key(KEYS["ci"], roles=["ORG_MEMBER", "GROUP_CLUSTER_MANAGER@" + PROJECT])
        metrics = self.daemon.wait_for_state("ci", "compliant")
        self.assertEqual(metrics.value("atlas_key_compliant", key="ci"), 1)
        self.assertEqual(metrics.all("atlas_key_finding", key="ci"), [])
        self.assertIsNone(metrics.value("atlas_key_drift_since_timestamp_seconds", key="ci"))
        self.daemon.search(r"finding_closed.*ci.*role_unexpected.*ORG_OWNER")

    def test_an_outage_holds_a_finding_and_lets_a_green_verdict_lapse(self):
        self.settle()
        self.sim.fault("html503")
        self.daemon.wait_for_state("reports", "error", "http_5xx")
        self.daemon.wait_for_state("ci", "error", "http_5xx")

        def lapsed():
            metrics = self.daemon.metrics()
            self.assertEqual(metrics.value("atlas_key_compliant", key="reports"), 0)
            self.assertEqual(len(metrics.all("atlas_key_finding", key="reports")), 1)
            return metrics.value("atlas_key_compliant", key="ci") is None
        # stale_after is three intervals of a second.
        wait_for("the green verdict to lapse", lapsed, 15)
        self.sim.clear_faults()
        metrics = self.daemon.wait_for_state("ci", "compliant", seconds=90)
        self.assertEqual(metrics.value("atlas_key_compliant", key="ci"), 1)


if __name__ == "__main__":
    unittest.main()
