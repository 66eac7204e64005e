"""TLS and passwords on the daemon's pages: as Prometheus meets them, and as those do who mean harm."""
import base64
import contextlib
import os
import re
import signal
import socket
import ssl
import subprocess
import threading
import time
import unittest

import harness
import servers
from harness import reader_key, watched

PASSWORD = "correct horse"
# Of that password, as `htpasswd -nBC 10` prints it.
HASH = "$2y$10$N9qo8uLOickgx2ZMRZoMye7hLCKuEIm4BcKHuoCJsBy/5Q0NErxWS"
RIGHT = {"Authorization": "Basic " + servers.basic("scraper", PASSWORD)}


class WebSecurity(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.authority = servers.Authority(self.directory)
        self.secrets.add(PASSWORD)

    def start(self, tls=None, users=True):
        """A daemon whose answers over HTTPS are kept."""
        sim = self.simulator(reader_key(1))
        self.server = self.authority.issue("server")
        self.web = {"tls_server_config": {"cert_file": self.server[0].name,
                                          "key_file": self.server[1].name, **(tls or {})}}
        if users:
            self.web["basic_auth_users"] = {"scraper": HASH}
        self.web_file = self.write("web.yml", self.web)
        self.path = self.config(sim.url, [watched(1)], interval="1h",
                                web={"config_file": "web.yml", "lifecycle": True})
        daemon = self.daemon(self.path)
        self.assertTrue(daemon.url.startswith("https://"), daemon.url)
        self.address = ("127.0.0.1", int(daemon.url.rsplit(":", 1)[1]))
        self.pages = daemon
        return daemon

    def connect(self, **options):
        """A TLS connection that trusts our authority."""
        context = ssl.create_default_context(cafile=str(self.authority.ca))
        for name, value in options.items():
            setattr(context, name, value)
        return context.wrap_socket(socket.create_connection(self.address, timeout=20),
                                   server_hostname="localhost")

    def scrape(self):
        """How long one took, on a new connection."""
        begin = time.monotonic()
        answer = harness.request(f"https://127.0.0.1:{self.address[1]}/metrics", headers=RIGHT)
        self.assertEqual(answer.status, 200, answer.text[:200])
        return time.monotonic() - begin

    @unittest.skipUnless(servers.PROMETHEUS, "Prometheus is not installed")
    def test_prometheus_scrapes_with_password_and_certificate_and_not_without(self):
        daemon = self.start(tls={"client_auth_type": "RequireAndVerifyClientCert",
                                 "client_ca_file": "ca.pem",
                                 "client_allowed_sans": ["prometheus.example"]})
        client = self.authority.issue("prometheus", san="DNS:prometheus.example")
        other = self.authority.issue("grafana", san="DNS:grafana.example")
        stranger = servers.Authority(self.directory, "stranger").issue(
            "impostor", san="DNS:prometheus.example")
        login = {"username": "scraper", "password": PASSWORD}

        def tls(pair):
            return {"ca_file": str(self.authority.ca), "server_name": "localhost",
                    **({"cert_file": str(pair[0]), "key_file": str(pair[1])} if pair else {})}
        jobs = {
            "right": {"basic_auth": login, "tls_config": tls(client)},
            "wrong-password": {"basic_auth": {**login, "password": "battery staple"},
                               "tls_config": tls(client)},
            "no-password": {"tls_config": tls(client)},
            "no-certificate": {"basic_auth": login, "tls_config": tls(None)},
            "another-name": {"basic_auth": login, "tls_config": tls(other)},
            "another-authority": {"basic_auth": login, "tls_config": tls(stranger)},
        }
        prometheus = servers.Prometheus(
            self, daemon.url.removeprefix("https://"),
            {name: {"scheme": "https", **job} for name, job in jobs.items()})
        harness.wait_for("all scrapes", lambda: len(prometheus.query("up")) == len(jobs), 30)
        harness.wait_for("a scrape", lambda: prometheus.query('up{job="right"} == 1'), 30)
        self.assertTrue(prometheus.query('atlas_key_compliant{job="right"} == 1'))
        self.assertEqual([series["metric"]["job"] for series in prometheus.query("up == 1")],
                         ["right"])
        targets = harness.request(prometheus.url + "/api/v1/targets").json()["data"]
        why = {target["labels"]["job"]: target["lastError"] for target in targets["activeTargets"]}
        self.assertIn("401", why["wrong-password"])
        self.assertIn("401", why["no-password"])
        for refused in ("no-certificate", "another-name", "another-authority"):
            self.assertRegex(why[refused], "tls|connection reset|broken pipe|EOF")

        probe = self.run_auditor("healthcheck", "--url", daemon.url)
        self.assertEqual(probe.process.returncode, 1)
        probe = self.run_auditor("healthcheck", "--url", daemon.url, "--cert-file", client[0],
                                 "--key-file", client[1])
        self.assertEqual(probe.process.returncode, 0, probe.stderr)

    def test_old_versions_of_tls_are_refused(self):
        self.start()

        def shake(version):
            # A client that would take any version and any hash.
            return subprocess.run(
                ["openssl", "s_client", "-connect", f"127.0.0.1:{self.address[1]}", version,
                 "-cipher", "ALL:@SECLEVEL=0"], stdin=subprocess.DEVNULL, capture_output=True,
                text=True, timeout=30)
        self.assertNotEqual(shake("-tls1_1").returncode, 0)
        self.assertEqual(shake("-tls1_2").returncode, 0)

    def test_a_probe_needs_neither_password_nor_the_right_name(self):
        daemon = self.start()
        for page in ("", "/-/healthy", "/-/ready"):
            probe = self.run_auditor("healthcheck", "--url", daemon.url + page)
            self.assertEqual(probe.process.returncode, 0, probe.stderr)
        probe = self.run_auditor("healthcheck", "--url", daemon.url + "/metrics")
        self.assertEqual(probe.process.returncode, 1)
        self.assertIn("it answered 401", probe.stderr)
        # With an authority the certificate counts, on this machine too.
        stranger = servers.Authority(self.directory, "stranger")
        for authority, code in ((self.authority, 0), (stranger, 1)):
            probe = self.run_auditor("healthcheck", "--url", daemon.url, "--ca-file", authority.ca)
            self.assertEqual(probe.process.returncode, code, probe.stderr)

    def test_slow_and_mute_connections_delay_no_scrape(self):
        daemon = self.start()
        self.scrape()
        stop = threading.Event()
        with contextlib.ExitStack() as stack:
            slow = []
            for number in range(200):
                if number % 2 == 0:
                    stack.enter_context(socket.create_connection(self.address))
                else:
                    slow.append(stack.enter_context(self.connect()))

            def dribble():
                words = b"GET /metrics HTTP/1.1\r\nX-Slow: " + b"x" * 1000
                for byte in words:
                    for client in slow:
                        with contextlib.suppress(OSError):
                            client.sendall(bytes([byte]))
                    if stop.wait(1):
                        return
            thread = threading.Thread(target=dribble)
            thread.start()
            try:
                for _ in range(5):
                    self.assertLess(self.scrape(), 1 * harness.SLOWNESS)
                daemon.signal(signal.SIGTERM)
                self.assertEqual(daemon.wait(5), 0)
            finally:
                stop.set()
                thread.join()

    def test_what_is_too_big_or_makes_no_sense_is_refused_in_flat_memory(self):
        daemon = self.start()
        self.scrape()
        before = daemon.rss()

        def answer(words, most=20 << 20):
            """What comes back while `words` are sent over and over."""
            with self.connect() as client:
                sent = 0
                with contextlib.suppress(OSError):
                    client.sendall(words[0])
                    while sent < most and words[1]:
                        client.sendall(words[1])
                        sent += len(words[1])
                self.assertLess(sent, most, "taken whole")
                with contextlib.suppress(OSError):
                    return client.recv(100)
                return b""
        garbage = os.urandom(65536)
        for words in ((b"GET /metrics HTTP/1.1\r\nHost: x\r\n", b"X-Endless: aaaaaaaaaaaa\r\n" * 512),
                      (b"POST /-/reload HTTP/1.1\r\nHost: x\r\nContent-Length: 104857600\r\n\r\n",
                       b"x" * 65536),
                      (b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n", garbage)):
            self.assertNotIn(b"HTTP/1.1 2", answer(words).split(b"\r\n", 1)[0]
                             if words[1] is not garbage else b"")
            self.assertLess(self.scrape(), 1 * harness.SLOWNESS)
        with self.connect() as client:
            request = (b"GET /-/healthy HTTP/1.1\r\nHost: x\r\n\r\n")
            answers = bytearray()

            def read():
                with contextlib.suppress(OSError):
                    while block := client.recv(65536):
                        answers.extend(block)
            reader = threading.Thread(target=read)
            reader.start()
            with contextlib.suppress(OSError):
                for _ in range(100):
                    client.sendall(request * 100)
            self.assertLess(self.scrape(), 1 * harness.SLOWNESS)
            reader.join(30 * harness.SLOWNESS)
            self.assertEqual(answers.count(b"HTTP/1.1 200"), 10_000)
        if harness.SLOWNESS == 1:  # a sanitizer keeps what was freed
            self.assertLess(daemon.rss() - before, 8 << 20)

    def test_guessing_costs_little_and_delays_no_scrape(self):
        daemon = self.start()
        self.scrape()
        before, cpu, begin = daemon.rss(), daemon.cpu(), time.monotonic()
        statuses, done = [], threading.Event()

        def guess(worker):
            with self.connect() as client:
                for number in range(9000):  # more a connection does not take
                    if done.is_set():
                        return
                    login = servers.basic("scraper", f"guess {worker}.{number}")
                    client.sendall(f"GET /metrics HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {login}"
                                   "\r\n\r\n".encode())
                    statuses.append(client.recv(65536).split(b" ", 2)[1])
        workers = [threading.Thread(target=guess, args=(worker,)) for worker in range(8)]
        for worker in workers:
            worker.start()
        slowest = 0
        while time.monotonic() - begin < 3:
            slowest = max(slowest, self.scrape())
            time.sleep(0.1)
        done.set()
        for worker in workers:
            worker.join()
        self.assertLess(slowest, 1 * harness.SLOWNESS)
        self.assertEqual(set(statuses), {b"401", b"429"})
        if harness.SLOWNESS == 1:
            self.assertGreater(len(statuses), 3000)
            # Ten guesses and then one every other second, where each costs some 70 ms, were computed;
            # the rest is the price of as many requests.
            self.assertLess(statuses.count(b"401"), 20)
            self.assertLess(daemon.rss() - before, 4 << 20)

    def test_certificates_are_swapped_under_load_without_a_failed_scrape(self):
        self.start()
        self.scrape()
        failures, seen, done = [], set(), threading.Event()

        def scrape():
            while not done.is_set():
                try:
                    with self.connect() as client:
                        seen.add(client.getpeercert()["subject"][0][0][1])
                        client.sendall(f"GET /metrics HTTP/1.1\r\nHost: x\r\nAuthorization: "
                                       f"{RIGHT['Authorization']}\r\nConnection: close\r\n\r\n"
                                       .encode())
                        answer = client.recv(100)
                        if not answer.startswith(b"HTTP/1.1 200"):
                            failures.append(answer)
                except OSError as error:
                    failures.append(error)
        threads = [threading.Thread(target=scrape) for _ in range(4)]
        for thread in threads:
            thread.start()
        for number in range(10):
            pair = self.authority.issue(f"server{number}")
            # One after the other, as renewals do it: between the two they do not fit.
            for new, old in zip(pair, self.server):
                os.replace(new, old)
                time.sleep(0.05)
        harness.wait_for("the last certificate", lambda: "server9" in seen, 10)
        done.set()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])

    def test_a_file_that_is_wrong_changes_nothing_until_it_is_right(self):
        daemon = self.start()
        self.scrape()
        self.web_file.write_text("nonsense: 1\n")
        self.scrape()
        daemon.search(r"web_config_rejected.*web\.yml:1:1: .*no setting 'nonsense'")
        daemon.signal(signal.SIGHUP)
        daemon.search("config_rejected")
        self.scrape()
        # The rest of the configuration does not wait for the next request to be right.
        self.web["http_server_config"] = {"headers": {"X-Frame-Options": "sameorigin"}}
        self.write("web.yml", self.web)
        answer = harness.wait_for("the new header", lambda: self.header("sameorigin"))
        self.assertEqual(answer.headers.get_all("X-Frame-Options"), ["sameorigin"])
        del self.web["basic_auth_users"]
        self.write("web.yml", self.web)
        harness.wait_for("open pages", lambda: daemon.get("/metrics").status == 200)

    def header(self, value):
        answer = self.pages.get("/metrics", headers=RIGHT)
        return answer if answer.headers["X-Frame-Options"] == value else None

    def test_a_wrong_file_is_told_by_check_and_ends_a_start(self):
        self.start()
        self.write("web.yml", {"tls_server_config": {"cert_file": "none.pem", "key_file": "none"}})
        for command in ("check", "run"):
            process = self.run_auditor(command, "--config", self.path)
            self.assertEqual(process.process.returncode, 78)
            told = process.stdout + process.stderr
            self.assertRegex(told, r"web\.yml:3:\d+: cannot read the certificate .*none\.pem")
            self.assertRegex(told, r"web\.yml:4:\d+: cannot read the key .*none")


if __name__ == "__main__":
    unittest.main()
