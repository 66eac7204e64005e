"""Services that are slow, mute or broken: the right reason, the deadline kept, a prompt end."""
import unittest

import harness
import servers
from harness import key_id, reader_key, watched

# effect, its parameters, the reason it must come to, whether only the deadline ends it.
FAULTS = [
    ("slowHeaders", {"pause": "50ms"}, "timeout", True),
    ("slowBody", {"pause": "50ms"}, "timeout", True),
    ("delay", {"delay": "1m"}, "timeout", True),
    ("muteHandshake", {}, "timeout", True),
    ("reset", {}, "connect", False),
    ("truncate", {}, "invalid_body", False),
    ("garbage", {}, "invalid_body", False),
]


class Faults(harness.TestCase):
    def setUp(self):
        super().setUp()
        authority = servers.Authority(self.directory)
        certificate, key = authority.issue("sim")
        self.atlas = {"timeout": "1s", "ca_file": str(authority.ca)}
        self.tls = ["--tls-cert", certificate, "--tls-key", key]

    def struck(self, effect, parameters):
        """A simulator and a daemon whose first request already meets the fault."""
        # A mute handshake would keep us out too, so it is set before the start.
        faults = [{"effect": effect, **parameters}]
        if effect != "muteHandshake":
            faults[0]["stage"] = "arrival"
        sim = self.keep(harness.Simulator("--fixture", self.fixture(reader_key(1), faults=faults),
                                          *self.tls))
        self.tap = servers.Wiretap(self, sim.url)
        return sim, self.daemon(self.config(self.tap.url, [watched(1)], atlas=self.atlas))

    def test_each_has_its_reason_and_ends_in_time(self):
        for effect, parameters, reason, waits in FAULTS:
            with self.subTest(effect):
                _, daemon = self.struck(effect, parameters)
                metrics = daemon.wait_for_state("key1", "error", reason)
                took = metrics.value("atlas_key_auditor_api_request_duration_seconds_sum")
                count = metrics.value("atlas_key_auditor_api_request_duration_seconds_count")
                self.assertGreater(count, 0)
                if waits:
                    # The deadline counts from the poll, a moment before its request starts.
                    self.assertGreaterEqual(took / count, 0.99)
                self.assertLess(took / count, 1.1 if harness.SLOWNESS == 1 else 1.5)
                # The first poll ended, so the next is about to hang or hangs: it must not hold us.
                self.assertEqual(daemon.stop(5), 0)

    def test_a_signal_cuts_a_request_that_hangs(self):
        for effect, parameters, _, waits in FAULTS:
            if not waits:
                continue
            with self.subTest(effect):
                self.atlas["timeout"] = "1m"
                sim, daemon = self.struck(effect, parameters)
                # Nobody can ask a mute simulator.
                harness.wait_for("the request to hang", lambda: self.tap.connections
                                 if effect == "muteHandshake" else sim.stats()["faultsHit"])
                self.assertEqual(daemon.metrics().state("key1"), ("pending", ""))
                daemon.signal(harness.signal.SIGTERM)
                self.assertEqual(daemon.wait(5), 0)
                self.assertNotIn("state_changed", daemon.stderr)


class OneOfThree(harness.TestCase):
    def test_faults_of_one_key_leave_the_others_alone(self):
        keys = [reader_key(number) for number in range(1, 4)]
        sim = self.simulator(*keys)
        daemon = self.daemon(self.config(sim.url, [watched(number) for number in range(1, 4)],
                                         atlas={"timeout": "1s"}))
        for number in range(1, 4):
            daemon.wait_for_state(f"key{number}", "compliant")
        for effect, parameters, reason, _ in FAULTS:
            if effect == "muteHandshake":
                continue
            with self.subTest(effect):
                sim.clear_faults()
                sim.fault(effect, key=key_id(2), **parameters)
                metrics = daemon.wait_for_state("key2", "error", reason, seconds=20)
                self.assertEqual(metrics.state("key1"), ("compliant", ""))
                self.assertEqual(metrics.state("key3"), ("compliant", ""))
        sim.clear_faults()
        daemon.wait_for_state("key2", "compliant", seconds=90)


if __name__ == "__main__":
    unittest.main()
