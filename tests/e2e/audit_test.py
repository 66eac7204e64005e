"""`audit`: its exit codes, its documents, and peers that break off."""
import unittest

import harness
import servers
from harness import ORG, key_id, reader_key, watched

ENTRY = {"org_id", "org", "key_id", "key", "policy", "owner", "state", "reason", "http_status",
         "last_poll", "last_success", "findings"}
FINDING = {"kind", "severity", "role", "project_id", "expected", "actual", "since", "waived"}
INSTANT = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$"


class Audit(harness.TestCase):
    def test_the_exit_code_is_the_worst_that_was_found(self):
        drifting = reader_key(2, roles=["ORG_OWNER"])
        sim = self.simulator(reader_key(1), drifting, reader_key(3),
                             faults=[{"key": key_id(3), "effect": "html503"}])
        for keys, code in (([1], 0), ([1, 2], 2), ([1, 3], 1), ([1, 2, 3], 2)):
            config = self.config(sim.url, [watched(number) for number in keys])
            process, document = self.audit(config)
            self.assertEqual(process.process.returncode, code, keys)
            self.assertEqual(document["summary"]["keys"], len(keys))
            text = self.run_auditor("audit", "--config", config)
            self.assertEqual(text.process.returncode, code, keys)

    def test_the_json_document_has_the_promised_shape(self):
        sim = self.simulator(reader_key(1), reader_key(2, roles=["ORG_OWNER"]), reader_key(3),
                             faults=[{"key": key_id(3), "effect": "answer",
                                      "code": "USER_UNAUTHORIZED"}])
        process, document = self.audit(self.config(sim.url, [
            watched(1, owner="build-team"), watched(2), watched(3), watched(4),
            {"id": key_id(5), "expect": "absent"}]))
        self.assertEqual(process.process.returncode, 2)
        self.assertEqual(list(document), ["version", "time", "summary", "keys"])
        self.assertEqual(document["version"], 1)
        self.assertRegex(document["time"], INSTANT)
        self.assertEqual(document["summary"],
                         {"keys": 5, "compliant": 2, "findings": 3, "undetermined": 1})
        for entry in document["keys"]:
            self.assertEqual(set(entry), ENTRY)
            self.assertRegex(entry["last_poll"], INSTANT)
            for finding in entry["findings"]:
                self.assertEqual(set(finding), FINDING)
                self.assertRegex(finding["since"], INSTANT)
        good, drift, refused, missing, absent = document["keys"]
        self.assertEqual({name: good[name] for name in ENTRY - {"last_poll", "last_success"}},
                         {"org_id": ORG, "org": "acme", "key_id": key_id(1), "key": "key1",
                          "policy": "reader", "owner": "build-team", "state": "compliant",
                          "reason": None, "http_status": 200, "findings": []})
        self.assertEqual([(finding["kind"], finding["role"], finding["severity"])
                          for finding in drift["findings"]],
                         [("role_unexpected", "ORG_OWNER", "critical"),
                          ("role_missing", "ORG_READ_ONLY", "warning")])
        self.assertEqual((drift["state"], drift["reason"]), ("drift", None))
        self.assertEqual((refused["state"], refused["reason"], refused["http_status"]),
                         ("forbidden", "role_too_low", 401))
        self.assertEqual((refused["last_success"], refused["findings"]), (None, []))
        self.assertEqual((missing["state"], missing["reason"], missing["http_status"]),
                         ("not_found", "key_missing", 400))
        self.assertEqual([finding["kind"] for finding in missing["findings"]], ["key_missing"])
        self.assertEqual((absent["state"], absent["policy"], absent["key"]),
                         ("compliant", None, key_id(5)))

    def test_the_text_names_what_to_mend(self):
        sim = self.simulator(reader_key(1, roles=["ORG_OWNER"]))
        process = self.run_auditor("audit", "--config", self.config(sim.url, [watched(1)]))
        self.assertEqual(process.process.returncode, 2)
        for words in ("acme/key1", "ORG_OWNER", "role_unexpected", "ORG_READ_ONLY"):
            self.assertIn(words, process.stdout)
        self.assertNotIn("\x1b", process.stdout)

    def test_tls_peers_that_break_off_end_nobody(self):
        authority = servers.Authority(self.directory)
        context = servers.ssl.create_default_context(servers.ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*authority.issue("breaking"))

        def before_the_request(connection, _):
            pass

        def after_the_request(connection, _):
            servers.read_head(connection)

        def in_the_answer(connection, _):
            servers.read_head(connection)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{")

        def with_a_reset(connection, _):
            connection.recv(1)
            connection.setsockopt(servers.socket.SOL_SOCKET, servers.socket.SO_LINGER,
                                  b"\1\0\0\0\0\0\0\0")

        for serve in (before_the_request, after_the_request, in_the_answer, with_a_reset):
            with self.subTest(serve.__name__):
                peer = servers.Listener(self, serve, context)
                config = self.config(peer.url, [watched(1), watched(2)],
                                     atlas={"ca_file": str(authority.ca)})
                process, document = self.audit(config)
                self.assertEqual(process.process.returncode, 1, process.stderr)
                for entry in document["keys"]:
                    self.assertEqual(entry["state"], "error")
                    self.assertIn(entry["reason"], ("connect", "invalid_body", "tls"))
                self.assertGreaterEqual(peer.connections, 2)

    def test_a_reader_that_leaves_is_no_crash(self):
        sim = self.simulator(reader_key(1))
        config = self.config(sim.url, [watched(1)])
        piped = self.keep(harness.Process(
            ["bash", "-c", f"'{harness.BIN}/atlas-key-auditor' audit --config '{config}' "
             "| true; echo ${PIPESTATUS[0]}"]))
        piped.wait()
        self.assertIn(piped.stdout.strip(), ("0", "1"))


if __name__ == "__main__":
    unittest.main()
