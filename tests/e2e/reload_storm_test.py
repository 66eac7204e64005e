"""A thousand reloads in ten seconds, each of another file, good or bad."""
import random
import signal
import time
import unittest

import harness
from harness import OTHER_ORG, key_id, reader_key, wait_for, watched

SIGNALS, SECONDS = 1000, 10


class ReloadStorm(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.dice = random.Random(6)
        self.secret = self.write("secrets/hook", "hook-secret-0123456789abcdef\n", 0o600)
        self.sim = self.simulator(
            *[reader_key(number, roles=["ORG_READ_ONLY", "ORG_OWNER"] if number == 3 else
                         ["ORG_READ_ONLY"]) for number in range(1, 6)],
            organizations=[{"id": OTHER_ORG, "name": "other", "keys": [reader_key(9)]}])

    def good(self, keys=None, **blocks):
        """One of many, over whatever the file held."""
        first = self.dice.randint(1, 3)
        chosen = keys or [watched(number, self.dice.choice(["", "renamed-"]) + f"key{number}")
                          for number in range(first, first + 3)]
        webhook = {"name": "soc", "url": "http://127.0.0.1:9/", "secret_file": str(self.secret)}
        other = {"id": OTHER_ORG, "name": "other", "credential": "prod", "discover": True,
                 "keys": [watched(9)]}
        return self.config(
            self.sim.url, chosen, interval=self.dice.choice(["1s", "2s"]),
            first={"fetch": self.dice.choice(["list", "per_key"])},
            schedule={"confirm": self.dice.randint(1, 3)},
            organizations=self.dice.choice([[], [other]]),
            alerting=self.dice.choice([{}, {"webhooks": [webhook]}]),
            store={"path": str(self.directory / "journal.db")}, log={"level": "info"}, **blocks)

    def spoiled(self):
        text = self.good().read_text()
        return self.dice.choice([
            "", "nonsense: 1\n", text[:len(text) // 2], text.replace('"policy": "reader"', '"policy": "raeder"'),
            text.replace("secrets/prod.key", "secrets/none.key"),
            text.replace(self.sim.url, "http://atlas.example")])

    def bad(self):
        """Never good for a moment: the daemon may read it at any."""
        self.path.write_text(self.dice.choice(self.spoiled_texts))

    def storm(self, daemon, signals, changes):
        begin = time.monotonic()
        for number in range(signals):
            time.sleep(max(0, begin + number * SECONDS / SIGNALS - time.monotonic()))
            self.dice.choice(changes)()
            daemon.signal(signal.SIGHUP)

    def test_a_storm_of_reloads_ends_with_the_last_good_configuration_in_force(self):
        self.spoiled_texts = [self.spoiled() for _ in range(40)]
        self.path = self.good()
        daemon = self.daemon(self.path)

        def succeeded():
            return daemon.metrics().value("atlas_key_auditor_config_last_reload_successful")

        def loads():
            return daemon.stderr.count("config_loaded")

        def takes_over(key):
            daemon.signal(signal.SIGHUP)
            wait_for(f"{key} to be watched", lambda: daemon.metrics().all(
                "atlas_key_state", key=key, state="compliant"))
        before = loads()
        self.storm(daemon, SIGNALS * 9 // 10, [self.good, self.bad])
        # They come faster than files can be judged; what has not been read yet is read once.
        self.assertGreater(loads() - before, 20 / harness.SLOWNESS)
        self.assertIn("config_rejected", daemon.stderr)
        self.good(keys=[watched(4, "last"), watched(3, "owner")])
        takes_over("last")

        self.storm(daemon, SIGNALS // 10, [self.bad])
        wait_for("the last word", lambda: succeeded() == 0)
        daemon.wait_for_polls(4)
        metrics = daemon.metrics()
        self.assertEqual(metrics.state("last"), ("compliant", ""))
        self.assertEqual(metrics.state("owner"), ("drift", ""))
        self.assertEqual({sample["key"] for sample in metrics.all("atlas_key_up")} - {"key9"},
                         {"last", "owner"})
        self.assertEqual(daemon.data(f"/api/v1/keys/{harness.ORG}/{key_id(4)}")["key"], "last")
        self.good(keys=[watched(4, "after")])
        takes_over("after")
        self.assertEqual(succeeded(), 1)


if __name__ == "__main__":
    unittest.main()
