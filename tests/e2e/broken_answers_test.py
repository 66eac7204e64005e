"""Answers that no service should give. Each must come to its reason, and disturb no other key."""
import json
import unittest

import harness
import servers
from harness import ORG, key_id

GOOD = {"id": key_id(1), "desc": "key", "publicKey": "reader01",
        "roles": [{"orgId": ORG, "roleName": "ORG_READ_ONLY"}]}


def with_body(body, status="200 OK", headers=""):
    """A complete answer around that body."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = (f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{headers}"
            f"Content-Length: {len(raw)}\r\n\r\n")
    return [head.encode(), raw]


def changed(**members):
    return with_body({**GOOD, **members})


def without(member):
    return with_body({name: value for name, value in GOOD.items() if name != member})


def endless(block, times):
    for _ in range(times):
        yield block


def million_headers():
    yield b"HTTP/1.1 200 OK\r\n"
    yield from endless(b"X-Endless: header\r\n" * 1000, 1000)


def huge_body():
    yield b"HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n"
    yield from endless(b" " * 65536, 1600)


def huge_chunked_body():
    yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    yield from endless(b"10000\r\n" + b" " * 65536 + b"\r\n", 1600)


DUPLICATE = json.dumps(GOOD)[:-1].encode() + b', "roles": []}'

# Name, what goes over the wire, (state, reason).
ANSWERS = [
    ("truncated", [with_body(GOOD)[0], b'{"id": "64aa'], ("error", "invalid_body")),
    ("truncated chunk", [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n50\r\n{"],
     ("error", "invalid_body")),
    ("wrong id", changed(id=key_id(999)), ("error", "id_mismatch")),
    ("no id", without("id"), ("error", "invalid_body")),
    ("no roles", without("roles"), ("error", "invalid_body")),
    ("roles of a wrong type", changed(roles="ORG_READ_ONLY"), ("error", "invalid_body")),
    ("a role of a wrong type", changed(roles=["ORG_READ_ONLY"]), ("error", "invalid_body")),
    ("null roles", changed(roles=None), ("error", "invalid_body")),
    ("a description of a wrong type", changed(desc=5), ("error", "invalid_body")),
    ("an id of a wrong type", changed(id=5), ("error", "invalid_body")),
    ("null parameters of an error", with_body(
        {"error": 400, "errorCode": "INVALID_ATTRIBUTE", "detail": None, "parameters": None},
        "400 Bad Request"), ("error", "bad_request")),
    ("an error of wrong types", with_body(
        {"error": "x", "errorCode": 7, "detail": {}, "parameters": "y"}, "403 Forbidden"),
     ("forbidden", "denied")),
    ("HTML", with_body(b"<!DOCTYPE html><html><h1>Sign in</h1></html>"),
     ("error", "invalid_body")),
    ("an HTML outage", with_body(b"<html>Unavailable</html>", "503 Service Unavailable"),
     ("error", "http_5xx")),
    ("invalid UTF-8", with_body(json.dumps(GOOD).encode().replace(b'"key"', b'"k\xff\xfey"')),
     ("error", "invalid_body")),
    ("deep nesting", with_body(b"[" * 500_000), ("error", "invalid_body")),
    ("duplicate fields", with_body(DUPLICATE), ("error", "invalid_body")),
    ("an empty body", with_body(b""), ("error", "invalid_body")),
    ("a list", with_body([GOOD]), ("error", "invalid_body")),
    ("no content", [b"HTTP/1.1 204 No Content\r\n\r\n"], ("error", "invalid_body")),
    ("100 MB", huge_body(), ("error", "too_large")),
    ("100 MB in chunks", huge_chunked_body(), ("error", "too_large")),
    ("a million headers", million_headers(), ("error", "too_large")),
    ("no HTTP", [b"\x00\x01\x02\x03 what is this?\r\n\r\n"], ("error", "invalid_body")),
    ("two lengths", [b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 7\r\n\r\n{}   "],
     ("error", "invalid_body")),
    ("a redirect elsewhere", with_body(b"", "302 Found",
                                       "Location: http://127.0.0.1:1/stolen\r\n"),
     ("error", "bad_request")),
    ("nothing at all", [], ("error", "connect")),
]


class BrokenAnswers(harness.TestCase):
    def test_each_comes_to_its_reason_while_another_key_stays_compliant(self):
        # An organization each: one whose service is in trouble is asked more and more slowly.
        self.broken = {f"{0xb0 + number:024x}": answer
                       for number, (_, answer, _) in enumerate(ANSWERS)}
        server = servers.Listener(self, self.serve)
        broken = [{"id": organization, "name": f"broken{number}", "credential": "prod", "keys": [
            {"id": key_id(100 + number), "name": ANSWERS[number][0].replace(" ", "-"),
             "policy": "reader"}]}
            for number, organization in enumerate(self.broken)]
        # Each broken one is asked once, the good one again and again.
        daemon = self.daemon(self.config(
            server.url, [{"id": key_id(1), "name": "good", "policy": "reader"}], interval="1h",
            first={"interval": "1s"}, organizations=broken))
        daemon.wait_for_state("good", "compliant")
        harness.wait_for("every broken answer", lambda: not daemon.metrics().all(
            "atlas_key_state", state="pending"), 60)
        before = daemon.rss()
        metrics = daemon.metrics()
        for name, _, expected in ANSWERS:
            with self.subTest(name):
                self.assertEqual(metrics.state(name.replace(" ", "-")), expected)
        self.assertEqual(metrics.state("good"), ("compliant", ""))
        self.assertEqual(metrics.value("atlas_key_compliant", key="good"), 1)
        for sample in metrics.all("atlas_key_auditor_polls_total", org="acme"):
            if sample["outcome"] != "compliant":
                self.assertEqual(sample.value, 0, sample)
        if harness.SLOWNESS == 1:
            self.assertLess(before, 40 << 20)
        # The pages hold together, whatever went into them.
        self.assertEqual(len(daemon.data("/api/v1/keys")), len(ANSWERS) + 1)

    def serve(self, connection, _):
        """Digest is asked for, as ever; a broken answer closes the connection."""
        while head := servers.read_head(connection).decode("latin-1"):
            path = head.split(" ", 2)[1]
            if "\r\nAuthorization: Digest " not in head:
                connection.sendall(b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Digest realm="
                                   b'"MMS Public API", nonce="abc", algorithm=MD5, qop="auth"\r\n'
                                   b"Content-Length: 0\r\n\r\n")
                continue
            answer = self.broken.get(path.split("/orgs/")[1].split("/")[0])
            if answer is None:
                connection.sendall(b"".join(with_body(GOOD)))
                continue
            asked = path.rsplit("/", 1)[1].encode()
            for block in answer:
                connection.sendall(block.replace(key_id(1).encode(), asked))
            return


if __name__ == "__main__":
    unittest.main()
