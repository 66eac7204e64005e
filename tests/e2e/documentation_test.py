"""The documentation against the program, both ways: links, commands and their options, metrics, alerts,
filters, events of the log."""
import json
import re
import subprocess
import unittest

import documents
import harness
import servers
from documents import code, tables, text_of
from harness import PROJECT, SOURCE, reader_key, wait_for, watched


def help_of(program, *arguments):
    return subprocess.run([harness.BIN / program, *arguments, "--help"], capture_output=True,
                          text=True, check=True).stdout


def options_in(text):
    return set(re.findall(r"--[a-z][a-z-]*", text)) - {"--help"}


def options_of(program, *arguments):
    """What --help lists, not what its sentences mention."""
    return options_in("\n".join(re.findall(r"^ +(-[^ ]*)", help_of(program, *arguments), re.MULTILINE)))


def commands_of(*arguments):
    shown = help_of("atlas-key-auditor", *arguments)
    listed = shown[shown.index("Subcommands:"):] if "Subcommands:" in shown else ""
    return set(re.findall(r"^  ([a-z]+) ", listed, re.MULTILINE))


class Documentation(harness.TestCase):
    def test_every_link_leads_somewhere(self):
        self.assertGreater(len(documents.MARKDOWN), 20)
        broken = []
        for path in documents.MARKDOWN:
            prose = re.sub(r"^ *```.*?^ *```", "", path.read_text(), flags=re.MULTILINE | re.DOTALL)
            for link in re.findall(r"\]\(([^)\s]+)\)", prose):
                if re.match(r"[a-z]+:", link):
                    continue
                name, _, anchor = link.partition("#")
                target = path.parent / name if name else path
                if not target.exists() or \
                        (anchor and anchor not in documents.anchors(target.read_text())):
                    broken.append(f"{path.relative_to(SOURCE)}: {link}")
        self.assertEqual(broken, [])

    def test_every_page_is_linked_from_another(self):
        linked = set()
        for path in documents.MARKDOWN:
            for link in re.findall(r"\]\(([^)\s#]+)", path.read_text()):
                if not re.match(r"[a-z]+:", link):
                    target = (path.parent / link).resolve()
                    linked |= {target} | ({*target.glob("*.md")} if target.is_dir() else set())
        alone = [str(path.relative_to(SOURCE)) for path in documents.MARKDOWN
                 if path not in linked and path.is_relative_to(SOURCE / "docs")]
        self.assertEqual(alone, [])

    def test_every_whole_json_block_is_json(self):
        whole = [block for block in documents.blocks() if block.kind == "json" and "…" not in block.text]
        self.assertGreater(len(whole), 5)
        for block in whole:
            with self.subTest(block.place):
                json.loads(block.text)

    def test_every_command_is_documented_and_exists(self):
        commands = commands_of()
        table = re.search(r"## Commands\n(.*?)\n\n", text_of("README.md"), re.DOTALL)[1]
        documented = set(re.findall(r"^\| `([a-z]+)", table, re.MULTILINE))
        self.assertEqual(commands, documented)
        self.assertIn("report", commands)

    def test_every_option_is_in_the_manual_and_exists(self):
        page = text_of("docs/atlas-key-auditor.1").replace("\\-", "-")
        lines = re.search(r"\.SH SYNOPSIS\n(.*?)\n\.SH", page, re.DOTALL)[1].split(".br\n")
        manual = {}
        for line in lines:
            words = tuple(re.search(r"atlas-key-auditor ([a-z ]+)", line)[1].split())
            manual[words] = options_in(line)
        program = {}
        for command in commands_of():
            for below in commands_of(command) or {""}:
                words = (command, below) if below else (command,)
                program[words] = options_of("atlas-key-auditor", *words)
        self.assertEqual(manual, program)
        self.assertIn("--since", program[("journal", "show")])

    def test_every_option_of_the_simulator_is_documented_and_exists(self):
        listed = options_of("atlas-key-sim")
        self.assertGreater(len(listed), 10)
        self.assertEqual(listed, options_in(text_of("docs/simulator.md")))

    def test_every_metric_of_a_live_page_is_documented_and_the_reverse(self):
        # With everything that makes a family appear: drift, discovery, a receiver, an alert.
        sim = self.simulator(
            reader_key(1), reader_key(2, roles=["ORG_READ_ONLY", f"GROUP_OWNER@{PROJECT}"]))
        daemon = self.daemon(self.config(
            sim.url, [watched(1), watched(2)], first={"discover": True},
            alerting={"alertmanager": {"urls": [servers.Recorder(self).url]}}))
        daemon.wait_for_state("key2", "drift")
        documented = {code(cells[0])[0]: set(code(cells[2]))
                      for _, cells in tables(text_of("docs/metrics.md"))}
        page = {}

        def complete():
            for name, samples in daemon.metrics().families.items():
                family = re.sub(r"_(bucket|sum|count)$", "", name)
                labels = {label for sample in samples for label in sample} - {"le"}
                page.setdefault(family if family in documented else name, set()).update(labels)
            return page.keys() >= documented.keys()
        try:
            wait_for("all metrics", complete)
        finally:
            self.assertEqual(page.keys() ^ documented.keys(), set())
        for family, labels in page.items():
            self.assertLessEqual(labels, documented[family], family)
        self.check_series(daemon.metrics())

    def check_series(self, metrics):
        """What docs/faq.md says of their number."""
        said = {cells[0]: int(re.match(r"\d+", cells[1])[0]) for heading, cells in
                tables(text_of("docs/faq.md")) if heading == "How many series does it make?"}
        samples = [(name, one) for name, found in metrics.families.items()
                   if name != "atlas_alert_firing" for one in found]
        of_key = [len([1 for _, one in samples if one.get("key") == key]) for key in ("key1", "key2")]
        findings = len(metrics.all("atlas_key_finding", key="key2"))
        self.assertEqual(of_key, [said["compliant key"], said["drifting key"] + findings])
        organization = [name for name, one in samples if "org" in one and "key" not in one]
        self.assertEqual(len(organization), said["organization"] + 1, "with discovery")
        daemon = [name for name, one in samples if "org" not in one and "sink" not in one]
        self.assertEqual(len(daemon), said["daemon"])
        self.assertEqual(len([1 for _, one in samples if "sink" in one]), 3)

    def test_every_metric_that_a_page_mentions_exists(self):
        documented = {code(cells[0])[0] for _, cells in tables(text_of("docs/metrics.md"))}
        unknown = []
        for path in documents.MARKDOWN:
            for name in re.findall(r"\batlas_(?:key|org|alert)_[a-z_]*[a-z]\b(?!\*|…|:)",
                                   path.read_text()):
                if re.sub(r"_(bucket|sum|count)$", "", name) not in documented | {"atlas_key_auditor"}:
                    unknown.append(f"{path.relative_to(SOURCE)}: {name}")
        self.assertEqual(unknown, [])

    def test_the_arithmetic_of_the_questions_is_the_programs(self):
        rows = [cells for heading, cells in tables(text_of("docs/faq.md"))
                if heading == "How many requests does it make?"]
        self.assertGreater(len(rows), 3)
        for keys, interval, fetch, requests, bound in rows:
            config = self.config(
                "http://127.0.0.1:1", [watched(n) for n in range(int(keys.replace(",", "")))],
                interval=interval, atlas={"timeout": "10s", "rate_limit": {}},
                schedule={"jitter": "10%"}, first={"fetch": code(fetch)[0]})
            said = self.run_auditor("check", "--config", config, "--explain")
            said = said.stdout + said.stderr
            self.assertIn(f"requests   {requests.split(':')[0]} a minute of the 100", said)
            self.assertIn(f"at most {bound} after a change", said)
            if ":" in requests:
                self.assertIn(re.search(r"stretched to \w+", requests)[0], said)

    def test_every_alert_is_documented_and_exists(self):
        source = text_of("src/incident/alert.cpp")
        built = set(re.findall(r'"(Atlas\w+)"', source))
        ruled = set(re.findall(r"- alert: (\w+)", text_of("deploy/prometheus/rules.yml")))
        self.assertGreater(len(built), 10)
        self.assertEqual(built - ruled, set(), "no Prometheus rule")
        runbooks = {path.stem for path in (SOURCE / "docs/runbooks").glob("Atlas*.md")}
        self.assertEqual(runbooks, built | ruled)
        first = [cells for heading, cells in tables(text_of("docs/alerts.md")) if heading == "Alerts"]
        listed = {code(cells[0])[0] for cells in first}
        self.assertEqual(listed, built | ruled)
        mentioned = {name for path in documents.MARKDOWN
                     for name in re.findall(r"`(Atlas(?:Key|Org|Policy|Waiver|Auditor)\w+)`",
                                            path.read_text())}
        self.assertEqual(mentioned - (built | ruled), set())

    def test_every_filter_of_the_page_is_documented_and_exists(self):
        read = set(re.findall(r'parameters\("(\w+)"\)', text_of("src/page/filter.cpp")))
        table = text_of("docs/page.md").split("## Filters")[1].split("##")[0]
        rows = re.findall(r"^\| (`.*?`) \|", table, re.MULTILINE)
        self.assertEqual(read, set(re.findall(r"`(\w+)`", " ".join(rows))))
        states = set(re.findall(r'\{"(\w+)", "', text_of("src/page/standing.cpp")))
        self.assertTrue(states)
        self.assertLessEqual(states, set(re.findall(r"`(\w+)`", table)))


class Log(unittest.TestCase):
    """Event -> (its levels, its fields)."""

    @staticmethod
    def call_at(text, begin):
        """Up to the parenthesis that closes the call; texts may hold some, too."""
        depth = 0
        for token in re.finditer(r'"(?:[^"\\]|\\.)*"|[()]', text[begin:]):
            depth += {"(": 1, ")": -1}.get(token[0], 0)
            if depth == 0:
                return text[begin:begin + token.end()]
        raise AssertionError("a call without an end")

    def written(self):
        found = {}
        findings = re.findall(r'return "(\w+)";',
                              text_of("src/app/events.cpp").split("level_of")[0])
        for path in sorted((SOURCE / "src").rglob("*.cpp")):
            text = path.read_text()
            for call in re.finditer(r"\blog::(debug|info|warning|error|write)(?=\()", text):
                whole = self.call_at(text, call.end())
                head = whole.split("{")[0]
                if "spdlog" in text[call.start() - 3:call.start()] or path.name == "log.cpp":
                    continue
                names = findings if "event_of(" in head else re.findall(r'"(\w+)"', head)
                self.assertTrue(names, whole)
                for name in names:
                    levels, fields = found.setdefault(name, (set(), set()))
                    levels.add(call[1])
                    fields.update(re.findall(r'\{"(\w+)",', whole))
        return found

    def test_every_event_is_documented_and_exists(self):
        written = self.written()
        self.assertGreater(len(written), 25)
        documented, above = {}, set()
        for _, cells in tables(text_of("docs/logs.md")):
            if cells[2] != "the same":
                above = set(code(cells[2]))
            documented[code(cells[0])[0]] = (set(cells[1].split(", ")), above)
        self.assertEqual(documented.keys() ^ written.keys(), set())
        for name, (levels, fields) in written.items():
            with self.subTest(event=name):
                self.assertEqual(documented[name][1], fields)
                # Where the level is computed, what is documented cannot be compared with a name.
                if "write" not in levels:
                    self.assertEqual(documented[name][0], levels)


if __name__ == "__main__":
    unittest.main()
