"""TLS as others serve it: nginx with good and bad certificates, and a proxy on the way."""
import unittest

import harness
import servers
from harness import reader_key, watched


@unittest.skipUnless(servers.NGINX, "nginx is not installed")
class Tls(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.authority = servers.Authority(self.directory)
        self.sim = self.simulator(reader_key(1), reader_key(2))

    def verdict(self, url, atlas=None, env=None):
        process, document = self.audit(
            self.config(url, [watched(1), watched(2)], atlas=atlas), env=env)
        states = {(entry["state"], entry["reason"]) for entry in document["keys"]}
        self.assertEqual(len(states), 1, states)
        self.assertEqual(process.process.returncode, 0 if states == {("compliant", None)} else 1)
        return states.pop()

    def test_anchors_of_the_file_and_of_the_system_both_count(self):
        ours = servers.nginx(self, self.sim.url, *self.authority.issue("server"))
        elsewhere = servers.Authority(self.directory, "system")
        theirs = servers.nginx(self, self.sim.url, *elsewhere.issue("other"))
        atlas = {"ca_file": str(self.authority.ca)}
        # What OpenSSL takes for the system's anchors.
        env = {"SSL_CERT_FILE": str(elsewhere.ca)}
        self.assertEqual(self.verdict(ours, atlas, env), ("compliant", None))
        self.assertEqual(self.verdict(theirs, atlas, env), ("compliant", None))
        self.assertEqual(self.verdict(theirs, atlas), ("error", "tls"))
        self.assertEqual(self.verdict(ours, None, env), ("error", "tls"))

    def test_a_certificate_that_does_not_fit_is_refused(self):
        stranger = servers.Authority(self.directory, "stranger")
        atlas = {"ca_file": str(self.authority.ca)}
        bad = {
            "wrong-name": self.authority.issue("wrong-name", san="DNS:elsewhere.example"),
            "expired": self.authority.issue("expired", days=0),
            "unknown-issuer": stranger.issue("unknown-issuer"),
        }
        for name, pair in bad.items():
            with self.subTest(name):
                url = servers.nginx(self, self.sim.url, *pair)
                self.assertEqual(self.verdict(url, atlas), ("error", "tls"))
        self.assertEqual(self.sim.stats()["requests"], 0, "a request left without trust")

    def test_the_daemon_tells_why_and_recovers_with_the_right_anchor(self):
        url = servers.nginx(self, self.sim.url, *self.authority.issue("server"))
        daemon = self.daemon(self.config(url, [watched(1)]))
        daemon.wait_for_state("key1", "error", "tls")
        daemon.search(r"state_changed.*issuer")
        self.config(url, [watched(1)], atlas={"ca_file": str(self.authority.ca)})
        daemon.signal(harness.signal.SIGHUP)
        daemon.wait_for_state("key1", "compliant")

    def test_a_connection_closed_while_idle_is_replaced_in_silence(self):
        url = servers.nginx(self, self.sim.url, *self.authority.issue("server"), keepalive="1s")
        daemon = self.daemon(self.config(url, [watched(1), watched(2)], interval="3s",
                                         atlas={"ca_file": str(self.authority.ca)}))
        daemon.wait_for_polls(4, seconds=20)
        for sample in daemon.metrics().all("atlas_key_auditor_polls_total"):
            if sample["outcome"] != "compliant":
                self.assertEqual(sample.value, 0, sample)

    def test_a_proxy_sees_the_name_and_no_credential(self):
        url = servers.nginx(self, self.sim.url, *self.authority.issue(
            "server", san="DNS:atlas.invalid"))
        proxy = servers.ConnectProxy(self, url)
        # Nobody but the proxy could resolve it.
        verdict = self.verdict("https://atlas.invalid:8443", {
            "ca_file": str(self.authority.ca), "proxy": proxy.url})
        self.assertEqual(verdict, ("compliant", None))
        self.assertGreater(len(proxy.heads), 0)
        for head in proxy.heads:
            self.assertTrue(head.startswith("CONNECT atlas.invalid:8443 HTTP/1.1\r\n"), head)
            self.assertNotIn("authorization", head.lower())

    def test_a_proxy_that_refuses_is_named_as_the_reason(self):
        for status in ("407 Proxy Authentication Required", "403 Forbidden"):
            def refuse(connection, _, status=status):
                servers.read_head(connection)
                connection.sendall(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())
            proxy = servers.Listener(self, refuse)
            self.assertEqual(self.verdict("https://atlas.invalid", {"proxy": proxy.url}),
                             ("error", "proxy"), status)


if __name__ == "__main__":
    unittest.main()
