"""Digest and service accounts over every flavour of the API, right secrets and wrong ones."""
import subprocess
import unittest

import harness
import servers
from harness import CLIENT_ID, CLIENT_SECRET, ORG, key_id, reader_key, wait_for, watched

# The path of each API and the type that is asked for.
APIS = {"v1.0": ("/api/atlas/v1.0", "application/json"),
        "v2": ("/api/atlas/v2", "application/vnd.atlas.2023-01-01+json")}


def polls_of(daemon):
    """By its log, so also after its end."""
    return daemon.stderr.count(" poll ")


class Authentication(harness.TestCase):
    def account(self, secret=CLIENT_SECRET):
        self.secrets.add(secret)
        self.secrets.add(servers.basic(CLIENT_ID, secret))
        path = self.write("secrets/sa", secret, 0o600)
        return {"service_account": {"client_id": CLIENT_ID, "client_secret_file": str(path)}}

    def watch(self, sim, keys, **options):
        """A daemon behind a tap, so that what crosses the wire counts as secret."""
        tap = servers.Wiretap(self, sim.url)
        return tap, self.daemon(self.config(tap.url, keys, **options))

    def test_digest_in_every_form_reads_both_apis(self):
        for algorithm, qop in (("MD5", "auth"), ("SHA-256", "auth"), ("MD5", "none")):
            sim = self.simulator(reader_key(1), arguments=["--digest-algorithm", algorithm,
                                                           "--digest-qop", qop])
            for api, (path, accept) in APIS.items():
                with self.subTest(api=api, algorithm=algorithm, qop=qop):
                    tap = servers.Wiretap(self, sim.url)
                    process, _ = self.audit(self.config(tap.url, [watched(1)],
                                                        atlas={"api": api}))
                    self.assertEqual(process.process.returncode, 0, process.stdout)
                    self.assertEqual(len(tap.requests), 2)
                    for one in tap.requests:
                        self.assertIn(f"GET {path}/orgs/{ORG}/apiKeys/{key_id(1)} HTTP", one)
                        self.assertIn(f"Accept: {accept}\r\n", one)

    def test_cloud_manager_is_read_by_its_own_path(self):
        fixture = self.write("fixture.json", {"organizations": [
            {"id": ORG, "name": "onsite", "platform": "cloudManager", "keys": [
                reader_key(1), reader_key(2, publicKey="auditkey", privateKey=harness.PRIVATE_KEY)]
             }]})
        sim = self.keep(harness.Simulator("--fixture", fixture))
        for api, state, reason in (("public-v1.0", "compliant", None),
                                   ("v1.0", "not_found", "org_missing")):
            config = self.config(sim.url, [watched(1)], atlas={"api": api})
            entry = self.audit(config)[1]["keys"][0]
            self.assertEqual((entry["state"], entry["reason"]), (state, reason), api)

    def test_one_challenge_serves_many_polls(self):
        sim = self.simulator(reader_key(1))
        _, daemon = self.watch(sim, [watched(1)])
        daemon.wait_for_polls(4)
        daemon.stop()
        stats = sim.stats()
        self.assertEqual(stats["challenges"], 1)
        self.assertEqual(stats["byStatus"], {"401": 1, "200": stats["byStatus"]["200"]})

    def test_a_stale_nonce_is_renewed_in_silence(self):
        sim = self.simulator(reader_key(1), arguments=["--nonce-life", "500ms"])
        _, daemon = self.watch(sim, [watched(1)])
        wait_for("stale nonces", lambda: sim.stats()["staleChallenges"] >= 3)
        metrics = daemon.metrics()
        for sample in metrics.all("atlas_key_auditor_polls_total"):
            if sample["outcome"] != "compliant":
                self.assertEqual(sample.value, 0, sample)
        self.assertEqual(metrics.state("key1"), ("compliant", ""))

    def test_a_wrong_private_key_makes_no_loop(self):
        sim = self.simulator(reader_key(1))
        wrong = "0badc0de-dead-4bad-8bad-0badc0ffee00"
        self.secrets.add(wrong)
        path = self.write("secrets/wrong", wrong, 0o600)
        credential = {"digest": {"public_key": "auditkey", "private_key_file": str(path)}}
        process, document = self.audit(self.config(sim.url, [watched(1)], credential=credential))
        self.assertEqual(process.process.returncode, 1)
        entry = document["keys"][0]
        self.assertEqual((entry["state"], entry["reason"], entry["http_status"]),
                         ("unauthorized", "bad_credentials", 401))
        self.assertEqual(sim.stats()["byStatus"], {"401": 2})

        _, daemon = self.watch(sim, [watched(1)], credential=credential)
        daemon.wait_for_polls(3)
        daemon.stop()
        # Two requests a poll, and as many for the one look at the daemon's own key.
        self.assertLessEqual(sim.stats()["byStatus"]["401"] - 2, 2 * (polls_of(daemon) + 1))

    def test_a_service_account_shares_one_token_and_returns_it(self):
        sim = self.simulator(reader_key(1), reader_key(2), reader_key(3))
        _, daemon = self.watch(sim, [watched(1), watched(2), watched(3)],
                               credential=self.account(), atlas={"api": "v2"})
        for key in ("key1", "key2", "key3"):
            daemon.wait_for_state(key, "compliant")
        daemon.wait_for_polls(3)
        stats = sim.stats()
        self.assertEqual((stats["tokensIssued"], stats["tokensRevoked"]), (1, 0))
        self.assertNotIn("401", stats["byStatus"])
        self.assertEqual(daemon.stop(), 0)
        self.assertEqual(sim.stats()["tokensRevoked"], 1)

        self.assertEqual(self.audit(self.config(sim.url, [watched(1)], atlas={"api": "v2"},
                                                credential=self.account()))[0].process.returncode,
                         0)
        stats = sim.stats()
        self.assertEqual((stats["tokensIssued"], stats["tokensRevoked"]), (2, 2))

    def test_a_token_that_ends_is_replaced(self):
        sim = self.simulator(reader_key(1), arguments=["--token-life", "2s"])
        _, daemon = self.watch(sim, [watched(1)], credential=self.account(), atlas={"api": "v2"})
        wait_for("a second and a third token", lambda: sim.stats()["tokensIssued"] >= 3)
        self.assertEqual(daemon.metrics().state("key1"), ("compliant", ""))
        for sample in daemon.metrics().all("atlas_key_auditor_polls_total", outcome="unauthorized"):
            self.assertEqual(sample.value, 0)

    def test_a_wrong_client_secret_makes_no_loop(self):
        sim = self.simulator(reader_key(1), reader_key(2))
        process, document = self.audit(self.config(
            sim.url, [watched(1), watched(2)], atlas={"api": "v2"},
            credential=self.account("mdb_sa_sk_wrong-wrong-wrong-wrong-wrong-wrong-wrong")))
        self.assertEqual(process.process.returncode, 1)
        for entry in document["keys"]:
            self.assertEqual((entry["state"], entry["reason"]),
                             ("unauthorized", "bad_credentials"))
        self.assertLessEqual(sim.stats()["byRoute"]["token"], 2)

    def test_curl_reads_the_simulator(self):
        for algorithm in ("MD5", "SHA-256"):
            sim = self.simulator(reader_key(1), arguments=["--digest-algorithm", algorithm])
            url = f"{sim.url}/api/atlas/v1.0/orgs/{ORG}/apiKeys/{key_id(1)}"
            got = subprocess.run(["curl", "-sS", "--fail", "--digest", "--user",
                                  f"auditkey:{harness.PRIVATE_KEY}", url, url],
                                 capture_output=True, text=True, check=True)
            self.assertEqual(got.stdout.count(key_id(1) + '","links'), 2, got.stdout)
            self.assertEqual(sim.stats()["byStatus"].get("200"), 2)


class Lighttpd(harness.TestCase):
    """mod_auth was not written for us."""

    @unittest.skipUnless(servers.LIGHTTPD, "lighttpd is not installed")
    def test_right_verdicts_come_through_its_digest(self):
        for algorithm in ("MD5", "SHA-256"):
            with self.subTest(algorithm):
                role = {"orgId": ORG, "roleName": "ORG_READ_ONLY"}
                url = servers.lighttpd(self, algorithm, {
                    key_id(1): {"id": key_id(1), "desc": "one", "publicKey": "reader01",
                                "roles": [role]},
                    key_id(2): {"id": key_id(2), "desc": "two", "publicKey": "reader02",
                                "roles": [role, {"orgId": ORG, "roleName": "ORG_OWNER"}]}})
                keys = [watched(1), watched(2), watched(3)]
                process, document = self.audit(self.config(url, keys))
                self.assertEqual(process.process.returncode, 2, process.stderr)
                self.assertEqual([(entry["state"], entry["reason"], entry["http_status"])
                                  for entry in document["keys"]],
                                 [("compliant", None, 200), ("drift", None, 200),
                                  ("not_found", "unknown", 404)])
                self.assertEqual([finding["role"] for finding in document["keys"][1]["findings"]],
                                 ["ORG_OWNER"])

                tap = servers.Wiretap(self, url)
                daemon = self.daemon(self.config(tap.url, keys[:2]))
                daemon.wait_for_state("key1", "compliant")
                daemon.wait_for_state("key2", "drift")
                daemon.wait_for_polls(4)
                daemon.stop()
                # A challenge for each of the connections, then one request a poll, and one look
                # at the daemon's own key.
                self.assertLessEqual(len(tap.requests), polls_of(daemon) + 1 + tap.connections)


if __name__ == "__main__":
    unittest.main()
