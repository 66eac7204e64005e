"""`init`: the keys that an organization holds today, as a configuration."""
import re
import unittest

import harness
from harness import MANY_ROLES, PROJECT, key_id, reader_key, watched


def files_of(directory):
    return {path: path.read_bytes() for path in sorted(directory.rglob("*")) if path.is_file()}


class Init(harness.TestCase):
    def test_what_it_prints_is_valid_and_calls_the_same_keys_compliant(self):
        sim = self.simulator(
            reader_key(1, desc="reports"), reader_key(2, desc="reports, the old one"),
            reader_key(3, desc='"quoted": {yes}\n# \\ "', publicKey="quotedky"),
            {"id": key_id(4), "desc": "terraform", "publicKey": "terrafrm", "roles": ["ORG_OWNER"]},
            {"id": key_id(5), "desc": "deployer", "publicKey": "deployer",
             "roles": [*MANY_ROLES, f"GROUP_OWNER@{PROJECT}", "ORG_LATEST_FASHION"]},
            {"id": key_id(6), "desc": "", "publicKey": "nothingx", "roles": []})
        base = self.config(sim.url, [], name="acme/base.yaml", policies={})
        before = files_of(self.directory)
        init = self.run_auditor("init", "--config", base, "--organization", "acme")
        self.assertEqual(init.process.returncode, 0, init.stderr)
        self.assertRegex(init.stderr, r"\A.*warning: organization 'acme' has no keys.*\n\Z")
        self.assertEqual(files_of(self.directory), before)

        reviewed = re.findall(r"- (\S+)  # review:", init.stdout)
        self.assertEqual(sorted(reviewed),
                         [f"GROUP_OWNER@{PROJECT}", "ORG_LATEST_FASHION", "ORG_OWNER"])
        policies = dict(re.findall(r'id: "?(\w+)"?\n\s+name: \S+\n\s+policy: (\S+)', init.stdout))
        self.assertEqual(set(policies), {key_id(number) for number in (1, 2, 3, 4, 5, 6, 0xffff)})
        self.assertEqual(policies[key_id(1)], policies[key_id(2)])
        self.assertEqual(policies[key_id(1)], policies[key_id(0xffff)])
        self.assertEqual(len(set(policies.values())), 4)

        self.write("acme/keys.yaml", init.stdout)
        check = self.run_auditor("check", "--config", self.directory / "acme")
        self.assertEqual((check.process.returncode, check.stderr), (0, ""))
        self.assertIn("7 keys in 1 organization", check.stdout)
        audit, document = self.audit(self.directory / "acme")
        self.assertEqual(audit.process.returncode, 0, audit.stdout)
        self.assertEqual(document["summary"],
                         {"keys": 7, "compliant": 7, "findings": 0, "undetermined": 0})
        # It is a policy, and not a blanket one: more than was there is a finding.
        sim.put_key(key_id(2), roles=["ORG_READ_ONLY", "ORG_BILLING_ADMIN"])
        audit, document = self.audit(self.directory / "acme")
        self.assertEqual(audit.process.returncode, 2)
        self.assertEqual([(key["key_id"], finding["kind"], finding["role"])
                          for key in document["keys"] for finding in key["findings"]],
                         [(key_id(2), "role_unexpected", "ORG_BILLING_ADMIN")])

        again = self.run_auditor("init", "--config", self.directory / "acme",
                                 "--organization", "acme")
        self.assertEqual(again.process.returncode, 0)
        self.assertRegex(again.stdout, r"\A# Every key .* is configured already")

    def test_half_a_list_prints_nothing(self):
        sim = self.simulator(*[reader_key(number) for number in range(1, 600)])
        sim.fault("delay", delay="1ms", count=1)  # strikes the first page, and so spares it
        sim.fault("answer", status=500)
        path = self.config(sim.url, [watched(1)])
        for faulty in (True, False):
            init = self.run_auditor("init", "--config", path, "--organization", "acme")
            if faulty:
                self.assertEqual((init.process.returncode, init.stdout), (1, ""))
                self.assertIn("page 2", init.stderr)
                sim.clear_faults()
        self.assertEqual(init.process.returncode, 0)
        self.assertEqual(init.stdout.count(" policy: "), 599)
        unknown = self.run_auditor("init", "--config", path, "--organization", "amce")
        self.assertEqual(unknown.process.returncode, 78)
        self.assertIn("acme", unknown.stderr)


if __name__ == "__main__":
    unittest.main()
