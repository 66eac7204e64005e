"""promtool's judgement of the Prometheus rules, and whether their test cases would notice a mistake."""

import pathlib
import shutil
import tempfile
import unittest

from shipped import RULE_TESTS, RULES, tool

# Each takes one thought out of the rules: what is replaced, and by what.
MISTAKES = {
    "no alert is held": ("[3h]", "[1m]"),
    "alerts are held for one hour": ("[3h]", "[1h]"),
    "a resolved alert is outvoted by its past": ("last_over_time(atlas:alert_firing:max",
                                                 "max_over_time(atlas:alert_firing:max"),
    "each pod has its own alert": ("without (instance, job, pod,", "without (job,"),
    "a pod that is gone still has its say": ("(atlas_alert_firing)", "(last_over_time(atlas_alert_firing[1h]))"),
    "of two pods, the one that says resolved wins": ("max without (instance", "min without (instance"),
    "the heartbeat outlives the auditor": ('{alert="AtlasAuditorAlive"}[5m]', '{alert="AtlasAuditorAlive"}[3h]'),
    "absence is no alert": ("absent_over_time(atlas_key_auditor_build_info[5m])", "vector(1) == 0"),
    "a restart is an outage": ("for: 5m\n        labels: {severity: critical}", "labels: {severity: critical}"),
    "a failed scrape mends a configuration": (
        "last_over_time(atlas_key_auditor_config_last_reload_successful[15m])",
        "atlas_key_auditor_config_last_reload_successful"),
    "a key without a verdict counts as proven": (" and atlas_key_compliant == 1)", ")"),
    "a disputed key counts as proven": ("\n          unless on (org_id, key_id) atlas_key_compliant == 0", ""),
    "an outage of the auditor is no miss": (
        "\n          or\n          atlas:key_known:group unless on () last_over_time(atlas_key_auditor_build_info[5m])", ""),
    "a removed key counts for ever": (" unless on () last_over_time(atlas_key_auditor_build_info[5m])", ""),
}


class Rules(unittest.TestCase):
    def test_promtool_accepts_them(self):
        content, said = tool("promtool", "check", "rules", RULES)
        self.assertTrue(content, said)

    def test_they_do_what_their_cases_say(self):
        content, said = tool("promtool", "test", "rules", RULE_TESTS)
        self.assertTrue(content, said)

    def test_the_cases_notice_each_mistake(self):
        right = RULES.read_text()
        for name, (text, mistake) in MISTAKES.items():
            with self.subTest(name), tempfile.TemporaryDirectory() as folder:
                self.assertIn(text, right, "the mistake cannot be made any more; change it with the rules")
                (pathlib.Path(folder) / RULES.name).write_text(right.replace(text, mistake))
                shutil.copy(RULE_TESTS, folder)
                content, said = tool("promtool", "check", "rules", RULES.name, cwd=folder)
                self.assertTrue(content, f"this is no rules file: {said}")
                content, _ = tool("promtool", "test", "rules", RULE_TESTS.name, cwd=folder)
                self.assertFalse(content, "no case fails")


if __name__ == "__main__":
    unittest.main()
