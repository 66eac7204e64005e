"""The daemon's pages under clients that mean it harm, and its encodings."""
import contextlib
import gzip
import socket
import threading
import time
import unittest

import harness
from harness import reader_key, watched

SLOW_CLIENTS = 200
BOMB = 50 << 20


class Web(harness.TestCase):
    def setUp(self):
        super().setUp()
        sim = self.simulator(reader_key(1))
        # One poll: then the page stays what it is, but for the process's own figures.
        self.daemon = self.daemon(self.config(sim.url, [watched(1)], interval="1h"))
        self.daemon.wait_for_state("key1", "compliant")
        self.address = ("127.0.0.1", int(self.daemon.url.rsplit(":", 1)[1]))

    def test_slow_clients_delay_no_scrape(self):
        with contextlib.ExitStack() as stack:
            def hold(words):
                client = stack.enter_context(socket.create_connection(self.address))
                client.sendall(words)
                return client
            for number in range(SLOW_CLIENTS):
                hold((b"", b"GET /metrics HTTP/1.1\r\nHost: x\r\nX-Slow: ",
                      b"POST /-/reload HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\nx",
                      b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")[number % 4])
            for _ in range(5):
                start = time.monotonic()
                self.daemon.metrics()
                self.assertLess(time.monotonic() - start, 1 * harness.SLOWNESS)
            # They do not keep it from ending either.
            self.daemon.signal(harness.signal.SIGTERM)
            self.assertEqual(self.daemon.wait(5), 0)

    def test_endless_headers_are_refused_in_flat_memory(self):
        before = self.daemon.rss()
        refusals = []

        def throw():
            with socket.create_connection(self.address) as client:
                line = b"X-Endless: " + b"a" * 1000 + b"\r\n"
                block = line * 64
                sent = 0
                with contextlib.suppress(OSError):
                    client.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n")
                    while sent < BOMB:
                        client.sendall(block)
                        sent += len(block)
                answer = b""
                with contextlib.suppress(OSError):
                    answer = client.recv(4096)
                refusals.append((sent, answer))
        throwers = [threading.Thread(target=throw) for _ in range(4)]
        for thrower in throwers:
            thrower.start()
        for thrower in throwers:
            thrower.join()
        self.assertEqual(len(refusals), 4)
        for sent, answer in refusals:
            self.assertLess(sent, BOMB)
            self.assertTrue(answer == b"" or answer.startswith(b"HTTP/1.1 431 "), answer[:80])
        if harness.SLOWNESS == 1:
            self.assertLess(self.daemon.rss() - before, 2 << 20)
        self.daemon.metrics()

    def test_the_refusal_can_be_read(self):
        with socket.create_connection(self.address) as client:
            client.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 40000)
            self.assertTrue(client.recv(4096).startswith(b"HTTP/1.1 431 "))

    @staticmethod
    def steady(text):
        """Without what moves by itself."""
        return [line for line in text.splitlines()
                if not any(word in line for word in ("process_", "remaining", "journal_"))]

    def test_an_encoding_that_is_not_ours_gets_the_plain_page(self):
        plain = self.daemon.get("/metrics")
        self.assertIsNone(plain.headers["Content-Encoding"])
        self.assertEqual(int(plain.headers["Content-Length"]), len(plain.body))
        for accepted in ("br, *", "br", "deflate", "gzip;q=0", "identity", "gzip;q=0, *"):
            start = self.daemon.cpu()
            answer = self.daemon.get("/metrics", headers={"Accept-Encoding": accepted})
            self.assertIsNone(answer.headers["Content-Encoding"], accepted)
            self.assertEqual(self.steady(answer.text), self.steady(plain.text), accepted)
            self.assertLess(self.daemon.cpu() - start, 0.2 * harness.SLOWNESS)

    def test_gzip_holds_the_same_page(self):
        for path in ("/metrics", "/api/v1/keys", "/api/v1/findings"):
            plain = self.daemon.get(path)
            packed = self.daemon.get(path, headers={"Accept-Encoding": "gzip, deflate"})
            self.assertEqual(packed.headers["Content-Encoding"], "gzip")
            self.assertEqual(packed.headers["Content-Type"], plain.headers["Content-Type"])
            self.assertEqual(self.steady(gzip.decompress(packed.body).decode()),
                             self.steady(plain.text))

    def test_other_methods_and_broken_requests_are_refused(self):
        self.assertEqual(self.daemon.get("/metrics", method="DELETE").status, 405)
        for path, method, status in (("/api/v1/keys", "POST", 405), ("/api/v1/nothing", "GET", 404)):
            answer = self.daemon.get(path, method=method)
            self.assertEqual((answer.status, answer.json()["status"]), (status, "error"))
        for words in (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
                      b"GET\r\n\r\n", b"GET /metrics HTTP/1.1\r\nHost x\r\n\r\n"):
            with socket.create_connection(self.address) as client:
                client.settimeout(5 * harness.SLOWNESS)
                client.sendall(words)
                with contextlib.suppress(ConnectionResetError):
                    answer = client.recv(4096)
                    self.assertTrue(answer == b"" or b" 40" in answer[:13] or
                                    b" 50" in answer[:13], answer)
        self.daemon.metrics()


if __name__ == "__main__":
    unittest.main()
