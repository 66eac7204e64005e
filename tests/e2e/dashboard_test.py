"""Every query of the Grafana dashboard, asked of a real Prometheus that watches a real daemon."""
import json
import unittest

import harness
import servers
from harness import reader_key, wait_for, watched

DASHBOARD = harness.SOURCE / "deploy/grafana/atlas-keys.json"


class Dashboard(harness.TestCase):
    def test_every_query_finds_something(self):
        hook = servers.Recorder(self)
        secret = self.write("secrets/hook", "hook-secret-0123456789abcdef\n", 0o600)
        simulator = self.simulator(reader_key(1), reader_key(2, roles=["ORG_OWNER"]))
        daemon = self.daemon(self.config(
            simulator.url, [watched(1, "one"), watched(2, "two", owner="team")],
            alerting={"webhooks": [{"name": "soc", "url": hook.url, "secret_file": str(secret)}]}))
        daemon.wait_for_state("one", "compliant")
        prometheus = servers.Prometheus(self, daemon.url.removeprefix("http://"))
        queries = [(panel["title"], target["expr"].replace("$org", ".*"))
                   for panel in json.loads(DASHBOARD.read_text())["panels"]
                   for target in panel["targets"]]
        self.assertGreater(len(queries), 15)
        for title, query in queries:
            with self.subTest(title):
                wait_for(f"an answer to {query}", lambda query=query: prometheus.query(query), 30)
        proven, = prometheus.query(dict(queries)["Proven as their policy says"])
        self.assertEqual(float(proven["value"][1]), 0.5)
        findings, = prometheus.query(dict(queries)["Open findings"])
        self.assertEqual(float(findings["value"][1]), 2)
        self.assertEqual({one["metric"]["key"] for one in
                          prometheus.query(dict(queries)["What differs now"])}, {"two"})


if __name__ == "__main__":
    unittest.main()
