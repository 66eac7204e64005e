"""Configuration and secret as Kubernetes mounts them: behind links that are swapped by one rename."""
import os
import unittest

import harness
from harness import reader_key, watched


class MountedFiles(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.sim = self.simulator(reader_key(1), reader_key(2))
        self.mount = self.directory / "mount"
        self.mount.mkdir()
        self.version = 0

    def publish(self, keys):
        """What the kubelet does with a changed ConfigMap."""
        self.version += 1
        whole = self.config(self.sim.url, keys, name=f"mount/..{self.version}/auditor.yaml")
        text = whole.read_text().replace(f"store-{self.version + 1}.db", "store-1.db")
        whole.write_text(text)
        (self.mount / "..new").symlink_to(f"..{self.version}")
        os.replace(self.mount / "..new", self.mount / "..data")
        file = self.mount / "auditor.yaml"
        if not file.is_symlink():
            file.symlink_to("..data/auditor.yaml")
        return file

    def test_a_swapped_configuration_is_reloaded_and_a_wrong_one_is_not(self):
        daemon = self.daemon(self.publish([watched(1)]))
        daemon.wait_for_state("key1", "compliant")
        self.publish([watched(1), watched(2)])
        daemon.search("config_swapped")
        harness.wait_for("the new key", lambda: daemon.metrics().all("atlas_key_state", key="key2"))
        self.publish([{"id": "nonsense"}])
        daemon.search("config_rejected")
        self.assertTrue(daemon.metrics().all("atlas_key_state", key="key2"))
        # An edit in its place waits for a signal, since nobody knows when it is done.
        reloads = daemon.metrics().value(
            "atlas_key_auditor_config_last_reload_success_timestamp_seconds")
        self.publish([watched(2)])
        harness.wait_for("the last one", lambda: daemon.metrics().value(
            "atlas_key_auditor_config_last_reload_success_timestamp_seconds") > reloads)
        self.assertFalse(daemon.metrics().all("atlas_key_state", key="key1"))

    def test_a_swapped_secret_is_read_without_a_reload(self):
        secrets = self.directory / "secret"
        self.write("secret/..1/prod.key", harness.PRIVATE_KEY, 0o600)
        self.write("secret/..2/prod.key", "wrong-key", 0o600)
        (secrets / "..data").symlink_to("..1")
        (secrets / "prod.key").symlink_to("..data/prod.key")
        credential = {"digest": {"public_key": "auditkey",
                                 "private_key_file": str(secrets / "prod.key")}}
        daemon = self.daemon(self.config(self.sim.url, [watched(1)], credential=credential))
        daemon.wait_for_state("key1", "compliant")
        for version, state in (("..2", ("unauthorized", "bad_credentials")),
                               ("..1", ("compliant", ""))):
            (secrets / "..new").symlink_to(version)
            os.replace(secrets / "..new", secrets / "..data")
            daemon.wait_for_state("key1", *state, seconds=20)


if __name__ == "__main__":
    unittest.main()
