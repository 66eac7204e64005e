"""docs/cookbook.md keeps its word: for each case, keys as its policy wants them and as it does not."""
import datetime
import json
import re
import unittest

import documents
import harness
from harness import PRIVATE_KEY, PROJECT

OTHER = "5f1a2b3c4d5e6f7a8b9c0d30"  # a project that no page names

# The beginning of the heading -> (roles, description, what is found).
CASES = {
    "A CI key": [
        (["ORG_MEMBER", f"GROUP_READ_ONLY@{PROJECT}"], "ci payments", []),
        (["ORG_MEMBER", f"GROUP_READ_ONLY@{PROJECT}", f"GROUP_READ_ONLY@{OTHER}"], "ci payments",
         ["role_unexpected critical"]),
        (["ORG_MEMBER", f"GROUP_OWNER@{PROJECT}"], "ci payments",
         ["role_missing warning", "role_unexpected critical"])],
    "A billing key": [
        (["ORG_BILLING_READ_ONLY"], "", []),
        (["ORG_BILLING_READ_ONLY", "ORG_MEMBER"], "", []),
        (["ORG_BILLING_ADMIN"], "", ["role_missing warning", "role_unexpected critical"])],
    "Terraform's key": [
        (["ORG_GROUP_CREATOR", f"GROUP_OWNER@{OTHER}"], "terraform prod", []),
        (["ORG_GROUP_CREATOR", "ORG_OWNER"], "terraform", ["role_forbidden critical"]),
        (["ORG_GROUP_CREATOR", "ORG_BILLING_ADMIN"], "terra",
         ["description_mismatch info", "role_forbidden critical"])],
    "Backup in every project": [
        (["ORG_MEMBER", f"GROUP_BACKUP_MANAGER@{PROJECT}", f"GROUP_BACKUP_MANAGER@{OTHER}"], "", []),
        (["ORG_MEMBER"], "", ["role_missing critical"]),
        ([f"GROUP_BACKUP_MANAGER@{PROJECT}", f"GROUP_DATA_ACCESS_ADMIN@{OTHER}"], "",
         ["role_forbidden critical"])],
    "A key that is rotated": [
        (["ORG_MEMBER", f"GROUP_CLUSTER_MANAGER@{PROJECT}"], "deployer 2026-11", []),
        (["ORG_MEMBER", f"GROUP_CLUSTER_MANAGER@{PROJECT}"], "deployer", ["description_mismatch info"])],
    "Any project but production": [
        (["ORG_MEMBER", f"GROUP_OWNER@{OTHER}"], "", []),
        ([f"GROUP_READ_ONLY@{PROJECT}"], "", ["role_forbidden critical"])],
    "A break-glass key": [
        (["ORG_MEMBER"], "break glass", []),
        (["ORG_MEMBER", "ORG_OWNER"], "break glass", ["role_unexpected critical waived"]),
        (["ORG_MEMBER", "ORG_OWNER", f"GROUP_OWNER@{OTHER}"], "break glass",
         ["role_unexpected critical", "role_unexpected critical waived"])],
    "A description": [
        (["ORG_READ_ONLY"], "metrics owner=sre-team ticket=OPS-12", []),
        (["ORG_READ_ONLY"], "metrics", ["description_mismatch warning"])],
    "Four hundred keys": [
        (["ORG_MEMBER", f"GROUP_DATA_ACCESS_READ_ONLY@{OTHER}"], "", []),
        ([f"GROUP_OWNER@{OTHER}"], "", ["role_forbidden critical"])],
    "Find keys": [
        (["ORG_READ_ONLY", f"GROUP_OWNER@{PROJECT}"], "", []),
        (["ORG_OWNER"], "", ["role_forbidden critical"])],
    "One policy": [
        (["ORG_READ_ONLY", f"GROUP_READ_ONLY@{OTHER}"], "", []),
        (["ORG_OWNER"], "", ["role_forbidden critical"])],
}


class Cookbook(harness.TestCase):
    def recipes(self):
        """Heading -> its files."""
        found = {}
        for block in documents.blocks():
            if block.section[0] == "docs/cookbook.md" and block.section[1].startswith("## "):
                found.setdefault(block.section[1].removeprefix("## "), []).append(block.text)
        return found

    def findings_of(self, number, files, roles, description):
        """Of the first key that the recipe lists, if it is so; the others are left out."""
        text = "".join(files)
        key = re.search(r"\{?id: (64aa\w{20})", text)[1]
        sim = self.simulator({"id": key, "desc": description, "publicKey": "abcdefgh", "roles": roles})
        directory = self.directory / f"recipe-{number}"
        directory.mkdir()
        tomorrow = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)
        for index, file in enumerate(files):
            file = re.sub(r"until: [^,}]+", f"until: {tomorrow:%Y-%m-%dT%H:%M:%SZ}", file)
            (directory / f"{index}.yaml").write_text(file)
        secret = self.write("secrets/prod.key", PRIVATE_KEY + "\n", 0o600)
        (directory / "frame.yaml").write_text(json.dumps({
            "version": 1, "atlas": {"base_url": sim.url},
            "credentials": {"prod": {"digest": {"public_key": "auditkey",
                                                "private_key_file": str(secret)}}}}))
        _, document = self.audit(directory)
        entry = next(entry for entry in document["keys"] if entry["key_id"] == key)
        return sorted(f"{one['kind']} {one['severity']}{' waived' if one['waived'] else ''}"
                      for one in entry["findings"])

    def test_every_recipe_finds_what_it_says(self):
        recipes = self.recipes()
        recipes.pop("See also", None)
        number = 0
        for heading, files in recipes.items():
            cases = [cases for begin, cases in CASES.items() if heading.startswith(begin)]
            self.assertEqual(len(cases), 1, f"no case tries the recipe '{heading}'")
            for roles, description, found in cases[0]:
                number += 1
                with self.subTest(recipe=heading, roles=roles, description=description):
                    self.assertEqual(self.findings_of(number, files, roles, description), found)
        self.assertEqual(len(recipes), len(CASES))


if __name__ == "__main__":
    unittest.main()
