"""What the daemon tells systemd, in systemd's own protocol."""
import re
import signal
import socket
import time
import unittest

import harness
from harness import reader_key, watched


class Supervisor(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.address = str(self.directory / "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.socket.close)
        self.socket.bind(self.address)
        self.socket.settimeout(20 * max(1, harness.SLOWNESS))
        self.sim = self.simulator(reader_key(1), reader_key(2, roles=["ORG_OWNER"]))
        self.path = self.config(self.sim.url, [watched(1), watched(2)])

    def start(self, watchdog=None, config=None):
        env = {"NOTIFY_SOCKET": self.address}
        if watchdog:
            env["WATCHDOG_USEC"] = str(int(watchdog * 1e6))
        return self.daemon(config or self.path, env=env)

    def hear(self, wanted):
        """Messages up to the first that matches."""
        heard = []
        while not heard or not re.search(wanted, heard[-1]):
            heard.append(self.socket.recv(4096).decode())
        return heard

    def test_readiness_comes_when_pages_are_served_and_the_end_is_told(self):
        daemon = self.start()
        # Whoever waited for this word may ask for pages at once.
        self.assertEqual(self.hear("READY=1")[-1], "READY=1")
        self.assertEqual(daemon.get("/-/ready").status, 200)
        daemon.stop()
        self.assertEqual(self.hear("STOPPING=1")[-1], "STOPPING=1")

    def test_a_wrong_configuration_is_never_ready(self):
        broken = self.write("broken.yaml", "version: 1\nnonsense: 1\n")
        process = self.keep(harness.Process(
            [harness.BIN / "atlas-key-auditor", "run", "--config", broken],
            env={"NOTIFY_SOCKET": self.address}))
        self.assertEqual(process.wait(), 78)
        self.socket.setblocking(False)
        self.assertRaises(BlockingIOError, self.socket.recv, 4096)

    def test_the_status_counts_keys_and_findings(self):
        daemon = self.start(watchdog=1)
        daemon.wait_for_state("key2", "drift")
        self.hear(r"^STATUS=2 keys, 1 drifting, (next poll in 1 s|polling)$")
        self.hear("WATCHDOG=1")

    def test_a_reload_is_told_whether_it_succeeds_or_not(self):
        daemon = self.start()
        self.hear("READY=1")
        before = time.clock_gettime(time.CLOCK_MONOTONIC)
        daemon.signal(signal.SIGHUP)
        begin = self.hear("RELOADING=1")[-1]
        began = int(re.fullmatch(r"RELOADING=1\nMONOTONIC_USEC=(\d+)", begin)[1]) / 1e6
        self.assertTrue(before <= began <= time.clock_gettime(time.CLOCK_MONOTONIC))
        self.hear("READY=1")
        self.path.write_text("version: 1\n")
        daemon.signal(signal.SIGHUP)
        self.hear("RELOADING=1")
        told = self.hear("READY=1")
        self.assertRegex(told[-2], "^STATUS=2 keys.*; the last reload was rejected, see the log$")


if __name__ == "__main__":
    unittest.main()
