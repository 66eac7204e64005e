"""The documentation against the program, both ways: links, commands, alerts and filters."""
import re
import subprocess
import unittest

import harness

MARKDOWN = sorted(path for path in harness.SOURCE.rglob("*.md")
                  if not {"build", "node_modules"} & set(path.relative_to(harness.SOURCE).parts))


def text_of(path):
    return (harness.SOURCE / path).read_text()


def anchors(markdown):
    """As GitHub makes them of headings."""
    found = set()
    for heading in re.findall(r"^#+ (.*)$", markdown, re.MULTILINE):
        plain = re.sub(r"[^\w\- ]", "", heading.lower())
        found.add(plain.strip().replace(" ", "-"))
    return found


class Documentation(harness.TestCase):
    def test_every_link_leads_somewhere(self):
        self.assertGreater(len(MARKDOWN), 20)
        broken = []
        for path in MARKDOWN:
            prose = re.sub(r"^```.*?^```", "", path.read_text(), flags=re.MULTILINE | re.DOTALL)
            for link in re.findall(r"\]\(([^)\s]+)\)", prose):
                if re.match(r"[a-z]+:", link):
                    continue
                name, _, anchor = link.partition("#")
                target = path.parent / name if name else path
                if not target.exists() or (anchor and anchor not in anchors(target.read_text())):
                    broken.append(f"{path.relative_to(harness.SOURCE)}: {link}")
        self.assertEqual(broken, [])

    def test_every_command_is_documented_and_exists(self):
        shown = subprocess.run([harness.BIN / "atlas-key-auditor", "--help"], capture_output=True,
                               text=True, check=True).stdout
        listed = shown[shown.index("Subcommands:"):]
        commands = set(re.findall(r"^  ([a-z]+) ", listed, re.MULTILINE))
        table = re.search(r"## Commands\n(.*?)\n\n", text_of("README.md"), re.DOTALL)[1]
        documented = set(re.findall(r"^\| `([a-z]+)", table, re.MULTILINE))
        self.assertEqual(commands, documented)
        self.assertIn("report", commands)

    def test_every_alert_is_documented_and_exists(self):
        source = text_of("src/incident/alert.cpp")
        built = set(re.findall(r'"(Atlas\w+)"', source))
        ruled = set(re.findall(r"- alert: (\w+)", text_of("deploy/prometheus/rules.yml")))
        self.assertGreater(len(built), 10)
        runbooks = {path.stem for path in (harness.SOURCE / "docs/runbooks").glob("Atlas*.md")}
        self.assertEqual(runbooks, built | ruled)
        documented = set(re.findall(r"`(Atlas[A-Z]\w+)`", text_of("docs/alerts.md")))
        self.assertEqual((built | ruled) - documented, set())
        self.assertEqual(documented - (built | ruled), set())

    def test_every_filter_of_the_page_is_documented_and_exists(self):
        read = set(re.findall(r'parameters\("(\w+)"\)', text_of("src/page/filter.cpp")))
        table = text_of("docs/page.md").split("## Filters")[1].split("##")[0]
        rows = re.findall(r"^\| (`.*?`) \|", table, re.MULTILINE)
        self.assertEqual(read, set(re.findall(r"`(\w+)`", " ".join(rows))))
        states = set(re.findall(r'\{"(\w+)", "', text_of("src/page/standing.cpp")))
        self.assertTrue(states)
        self.assertLessEqual(states, set(re.findall(r"`(\w+)`", table)))


if __name__ == "__main__":
    unittest.main()
