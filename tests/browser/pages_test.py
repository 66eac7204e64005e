#!/usr/bin/env python3
"""The pages in headless Chromium. What happens in the browser stands in pages.mjs; this starts the
world it looks at. AKA_SCREENSHOTS: a directory that gets the pictures of the documentation.
"""
import json
import pathlib
import subprocess
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))
import harness  # noqa: E402
from harness import ORG, PROJECT, key_id  # noqa: E402

OTHER_PROJECT = "5f1a2b3c4d5e6f7a8b9c0d3a"


class Pages(harness.TestCase):
    def browse(self, scene, seconds=120, **world):
        finished = subprocess.run(["node", HERE / "pages.mjs", scene, json.dumps(world)],
                                  capture_output=True, text=True, timeout=seconds, check=False)
        print(finished.stdout, end="")
        self.assertEqual(finished.returncode, 0, finished.stdout + finished.stderr)

    def test_an_incident(self):
        simulator = self.simulator(
            {"id": key_id(1), "desc": "ci deployer", "publicKey": "cideploy",
             "roles": ["ORG_MEMBER", f"GROUP_CLUSTER_MANAGER@{PROJECT}"]},
            {"id": key_id(2), "desc": "monthly reports", "publicKey": "mreports",
             "roles": ["ORG_READ_ONLY", f"GROUP_OWNER@{PROJECT}"]},
            {"id": key_id(3), "desc": "warehouse backup", "publicKey": "whbackup",
             "roles": ["ORG_MEMBER"]},
            {"id": key_id(6), "desc": "legacy deployer", "publicKey": "legacyke",
             "roles": ["ORG_OWNER"]},
            faults=[{"key": key_id(3), "effect": "answer",
                     "code": "IP_ADDRESS_NOT_ON_ACCESS_LIST"}])
        config = self.config(
            simulator.url,
            [{"id": key_id(1), "name": "ci", "policy": "ci-deployer", "owner": "build-team"},
             {"id": key_id(2), "name": "reports", "policy": "read-only", "owner": "finance-team",
              "waivers": [{"kind": "role_forbidden", "role": f"GROUP_OWNER@{OTHER_PROJECT}",
                           "until": "2027-01-31", "reason": "migration of the warehouse",
                           "ticket": "SEC-7"}]},
             {"id": key_id(3), "name": "backup", "policy": "backup"},
             {"id": key_id(4), "name": "terraform", "policy": "ci-deployer"},
             {"id": key_id(5), "name": "old-ci", "expect": "absent"}],
            first={"owner": "platform-team", "discover": True},
            policies={
                "ci-deployer": {"description": "ci deployer",
                                "roles": {"exact": ["ORG_MEMBER",
                                                    f"GROUP_CLUSTER_MANAGER@{PROJECT}"]}},
                "read-only": {"roles": {"required": ["ORG_READ_ONLY"],
                                        "allowed": ["GROUP_READ_ONLY@*"],
                                        "forbidden": ["*_OWNER", "GROUP_OWNER@*"]}},
                "backup": {"roles": {"exact": ["ORG_MEMBER"]}}})
        daemon = self.daemon(config)
        daemon.wait_for_state("ci", "compliant")
        daemon.wait_for_state("old-ci", "compliant")
        daemon.wait_for_state("backup", "forbidden", "ip_not_on_access_list")
        self.browse("incident", page=daemon.url, simulator=simulator.url, org=ORG,
                    ci=key_id(1), reports=key_id(2))

    def test_ten_thousand_keys(self):
        config = self.directory / "many.yaml"
        simulator = self.keep(harness.Simulator("--keys", "10000", "--organizations", "10",
                                                "--write-config", config, log_level="info"))
        # Its keys are not polled for a while; what the page costs does not depend on that.
        daemon = self.daemon(config)
        self.browse("many", page=daemon.url)
        simulator.stop()


if __name__ == "__main__":
    unittest.main()
