"""Unlisted keys, and what the daemon's own key may do, against the simulator."""
import unittest

import harness
from harness import ORG, key_id, reader_key, wait_for, watched

HELD = 1800  # over 4 pages, the daemon's own key among them


class Discovery(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.sim = self.simulator(*[reader_key(number) for number in range(1, HELD)])

    def watch(self, **options):
        return self.config(self.sim.url, [watched(1), watched(2)], first={"discover": True},
                           **options)

    def test_every_unlisted_key_is_found_and_a_broken_list_closes_none(self):
        daemon = self.daemon(self.watch())
        unmanaged = lambda: daemon.metrics().value("atlas_org_unmanaged_keys")
        wait_for("a whole sweep", lambda: unmanaged() == HELD - 2)
        findings = [finding for finding in daemon.data("/api/v1/findings")
                    if finding["kind"] == "unmanaged_key"]
        self.assertEqual(len(findings), HELD - 2)
        self.assertEqual({finding["severity"] for finding in findings}, {"warning"})
        discovery = daemon.data("/api/v1/status")["organizations"][0]["discovery"]
        self.assertEqual([key["key_id"] for key in discovery["unmanaged"] if key["own"]],
                         [key_id(0xffff)])
        self.assertEqual(discovery["unmanaged"][0]["roles"], ["ORG_READ_ONLY"])

        self.sim.fault("answer", status=500)
        self.sim.delete_key(key_id(3))
        wait_for("a broken sweep", lambda: daemon.data("/api/v1/status")["organizations"][0]
                 ["discovery"]["error"])
        self.assertEqual(unmanaged(), HELD - 2)
        self.sim.clear_faults()
        wait_for("two sweeps without the key", lambda: unmanaged() == HELD - 3, 30)

    def test_an_audit_reports_unlisted_keys(self):
        process, document = self.audit(self.watch())
        self.assertEqual(process.process.returncode, 2)
        self.assertEqual(len(document["unmanaged"]), HELD - 2)
        self.assertEqual(document["summary"]["findings"], HELD - 2)

    def test_an_audit_that_cannot_read_the_list_to_its_end_says_so(self):
        path = self.watch()
        self.assertEqual(self.audit(path)[1]["unread_lists"], [])
        # The first fault that fits strikes, alone: those for the two keys spare them the last.
        for number in (1, 2):
            self.sim.fault("delay", delay="1ms", key=key_id(number))
        self.sim.fault("answer", status=500)
        process, document = self.audit(path)
        self.assertEqual(process.process.returncode, 1)
        self.assertEqual(document["summary"],
                         {"keys": 2, "compliant": 2, "findings": 0, "undetermined": 0})
        self.assertEqual([(one["org_id"], one["org"], "500" in one["error"])
                          for one in document["unread_lists"]], [(ORG, "acme", True)])
        for name, said in (("text", "The list of keys of acme was not read to its end"),
                           ("junit", '<error type="unread_list"'), ("sarif", "unread_list")):
            told = self.run_auditor("audit", "--config", path, "--format", name)
            self.assertEqual(told.process.returncode, 1)
            self.assertIn(said, told.stdout)


class OwnCredential(harness.TestCase):
    def test_a_reader_holds_no_excess(self):
        sim = self.simulator(reader_key(1))
        daemon = self.daemon(self.config(sim.url, [watched(1)]))
        wait_for("the look at the own key",
                 lambda: daemon.metrics().value("atlas_org_credential_excess") == 0)


if __name__ == "__main__":
    unittest.main()
