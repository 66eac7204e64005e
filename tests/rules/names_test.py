"""Every alert of the program has a rule, a line in docs/alerts.md and a runbook page, and none of these is
without an alert. The list is `AlertName` in src/incident/alert.h."""

import re
import unittest

from shipped import ROOT, RULES

# What Prometheus alone can tell, so the program has no name for it.
OF_RULES_ONLY = {"AtlasAuditorDown", "AtlasAuditorConfigBad"}

ALERTS_PAGE = ROOT / "docs/alerts.md"
RUNBOOKS = ROOT / "docs/runbooks"
SECTIONS = "^First minute; How it comes about(; Mend|, and how to mend it); Resolves; False alarms$"


def of_program():
    """journal_failing is AtlasAuditorJournalFailing; org_unreachable, as any other, AtlasOrgUnreachable."""
    header = (ROOT / "src/incident/alert.h").read_text()
    enumerators = re.search(r"enum class AlertName \{(.*?)\};", header, re.DOTALL).group(1)
    names = set()
    for enumerator in re.findall(r"^\s*(\w+),", enumerators, re.MULTILINE):
        words = "".join(word.capitalize() for word in enumerator.split("_"))
        concerns_auditor = enumerator in ("journal_failing", "delivery_failing")
        names.add(("AtlasAuditor" if concerns_auditor else "Atlas") + words)
    return names


def rules():
    """By name, the text of each alert's rule."""
    parts = re.split(r"^      - alert: (\w+)$", RULES.read_text(), flags=re.MULTILINE)[1:]
    return dict(zip(parts[::2], parts[1::2]))


class Names(unittest.TestCase):
    def setUp(self):
        self.program = of_program()
        self.all = self.program | OF_RULES_ONLY

    def test_the_program_has_alerts(self):
        self.assertIn("AtlasKeyDrift", self.program)
        self.assertIn("AtlasAuditorJournalFailing", self.program)

    def test_each_alert_has_one_rule(self):
        names = re.findall(r"- alert: (\S+)", RULES.read_text())
        self.assertEqual(sorted(names), sorted(self.all))

    def test_a_rule_reads_its_own_alert(self):
        for name, rule in rules().items():
            with self.subTest(name):
                self.assertEqual(re.findall(r'alert="(\w+)"', rule), [name] if name in self.program else [])

    def test_a_rule_says_what_happened_and_where_to_read_on(self):
        for name, rule in rules().items():
            with self.subTest(name):
                self.assertRegex(rule, r"\n          summary: '.{10,}'\n")
                self.assertRegex(rule, r"\n          description: '.{20,}'\n")
                self.assertRegex(rule, rf"\n          runbook_url: \S+/runbooks/{name}\.md\n")

    def test_the_table_lists_each_alert(self):
        listed = re.findall(r"^\| \[`(\w+)`\]\(runbooks/(\w+)\.md\)", ALERTS_PAGE.read_text(), re.MULTILINE)
        self.assertEqual(sorted(listed), sorted((name, name) for name in self.all))

    def test_each_alert_has_a_runbook_page(self):
        self.assertEqual({page.stem for page in RUNBOOKS.iterdir()}, self.all)
        for page in RUNBOOKS.iterdir():
            with self.subTest(page.name):
                text = page.read_text()
                self.assertTrue(text.startswith(f"# {page.stem}\n"), "the title is the alert's name")
                self.assertRegex("; ".join(re.findall(r"^## (.*)$", text, re.MULTILINE)), SECTIONS)

    def test_links_between_the_pages_lead_somewhere(self):
        for page in [ALERTS_PAGE, *RUNBOOKS.iterdir()]:
            for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
                with self.subTest(page=page.name, target=target):
                    self.assertTrue((page.parent / target).exists())


if __name__ == "__main__":
    unittest.main()
