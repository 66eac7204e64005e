"""docs/configuration.md against what the program reads, both ways, and every configuration that any
page shows: each is loaded as it stands."""
import json
import os
import re
import subprocess
import unittest

import documents
import harness
import servers

AUDITOR = harness.BIN / "atlas-key-auditor"
BLOCKS = {"version", "atlas", "credentials", "schedule", "policies", "organizations", "alerting",
          "web", "store", "log"}
# What a page leaves out, so that the rest can be loaded.
FRAME = {
    "version": "version: 1\n",
    "credentials": "credentials:\n  prod: {digest: {public_key: abcdwxyz, private_key_file: secret}}\n",
    "organizations": "organizations:\n  - {id: 5f1a2b3c4d5e6f7a8b9c0d1e, name: prod, credential: prod, keys: "
                     "[{id: 64aa11bb22cc33dd44ee55ff, policy: {roles: {exact: []}}}]}\n",
}


def top_level(text):
    return re.findall(r"^([a-z_]+):", text, re.MULTILINE)


class Examples(harness.TestCase):
    """All YAML blocks below one heading are the files of one configuration directory. What other
    programs read is given to them."""

    def groups(self, names):
        found = {}
        for block in documents.blocks():
            if block.kind == "yaml" and set(top_level(block.text)[:1]) & names:
                found.setdefault(block.section, []).append(block)
        return found

    def make_files(self, directory, text):
        """Makes what `text` names, and gives it with paths into `directory`."""
        def local(match):
            path = directory / match[2].lstrip("/")
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                path.write_text("0123456789abcdef\n")
                path.chmod(0o600)
            return f"{match[1]}{path}"
        return re.sub(r"((?:_|\b)file: *)([^\s,{}]+)", local, text)

    def check(self, path):
        return subprocess.run([AUDITOR, "check", "--config", path], capture_output=True, text=True,
                              env={**os.environ, "ATLAS_CLIENT_SECRET": "0123456789abcdef"})

    def test_each_block_is_of_a_kind_that_is_known(self):
        kinds = {"sh", "yaml", "json", "text", "sql", "promql", "python", "mermaid"}
        others = [f"{block.place}: {block.kind!r}" for block in documents.blocks()
                  if block.kind not in kinds]
        self.assertEqual(others, [])
        known = BLOCKS | {"tls_server_config", "scrape_configs", "routes"}
        strange = [block.place for block in documents.blocks()
                   if block.kind == "yaml" and not set(top_level(block.text)[:1]) & known]
        self.assertEqual(strange, [], "no test reads such YAML")

    def test_each_configuration_loads(self):
        groups = self.groups(BLOCKS)
        self.assertGreater(len(groups), 12)
        for number, (section, parts) in enumerate(groups.items()):
            with self.subTest(section):
                directory = self.directory / str(number)
                directory.mkdir()
                given = {name for part in parts for name in top_level(part.text)}
                texts = [part.text for part in parts]
                texts += [FRAME[name] for name in sorted(FRAME.keys() - given)]
                for index, text in enumerate(texts):
                    (directory / f"{index}.yaml").write_text(self.make_files(directory, text))
                ended = self.check(directory)
                # A waiver of an example may be over by now.
                said = [line for line in ended.stderr.splitlines() if "expired at" not in line]
                self.assertEqual((ended.returncode, said), (0, []))

    def test_each_configuration_of_the_pages_loads(self):
        authority = servers.Authority(self.directory)
        certificate, key = authority.issue("server")
        for section, parts in self.groups({"tls_server_config"}).items():
            with self.subTest(section):
                text = parts[0].text
                for name, path in (("server.crt", certificate), ("server.key", key),
                                   ("clients.pem", authority.ca)):
                    text = text.replace(name, str(path))
                path = self.config("http://127.0.0.1:1", [harness.watched(1)],
                                   web={"config_file": str(self.write("web.yml", text))})
                ended = self.check(path)
                self.assertEqual((ended.returncode, ended.stderr), (0, ""))

    @unittest.skipUnless(servers.PROMETHEUS, "Prometheus is not installed")
    def test_each_configuration_of_prometheus_loads(self):
        for section, parts in self.groups({"scrape_configs"}).items():
            with self.subTest(section):
                path = self.write("prometheus.yml", self.make_files(self.directory, parts[0].text))
                subprocess.run(["promtool", "check", "config", "--syntax-only", path], check=True,
                               capture_output=True)

    @unittest.skipUnless(servers.ALERTMANAGER, "Alertmanager is not installed")
    def test_each_route_of_alertmanager_loads(self):
        for section, parts in self.groups({"routes"}).items():
            with self.subTest(section):
                nested = "".join(f"  {line}\n" for line in parts[0].text.splitlines())
                names = {"other", *re.findall(r"receiver: (\S+)", parts[0].text)}
                path = self.write("alertmanager.yml", "route:\n  receiver: other\n" + nested +
                                  "receivers:\n" + "".join(f"  - name: {name}\n" for name in names))
                subprocess.run(["amtool", "check-config", path], check=True, capture_output=True)


class Settings(harness.TestCase):
    """An unknown setting is answered with the list of those that are known. So the program is asked
    for all it knows: at each setting with a mapping, a list of one, and a mapping below a name."""

    SHAPES = ([], ["[]"], ["NAME"])
    INLINE = "organizations[].keys[].policy."  # the same as policies.NAME

    def known_at(self, paths, **whole):
        """By path, what the program knows below it; paths that are no mappings are left out."""
        root = {**whole}
        for number, path in enumerate(paths):
            self.insert(root, list(path), f"zzzzqqqq{number}")
        ended = self.check(root)
        told = re.findall(r"no setting 'zzzzqqqq(\d+)'; it knows (.*)", ended.stderr)
        return {tuple(paths[int(number)]): names.split(", ") for number, names in told}

    def check(self, content):
        return subprocess.run([AUDITOR, "check", "--config", self.write("probe.yaml", content)],
                              capture_output=True, text=True)

    @staticmethod
    def insert(node, steps, word):
        """Puts the unknown setting `word` where `steps` lead, beside what others have put."""
        for index, step in enumerate(steps):
            follows = steps[index + 1] if index + 1 < len(steps) else None
            if isinstance(node, list):
                node.append([] if follows == "[]" else {})
                node = node[-1]
                continue
            name = f"n-{word}" if step == "NAME" else step
            node = node.setdefault(name, [] if follows == "[]" else {})
            if isinstance(node, list) != (follows == "[]"):
                raise AssertionError(f"two shapes at {steps}")
        node[word] = 1

    def all_known(self):
        """Level by level; one run for each shape."""
        found, level = set(), [()]
        known = self.known_at(level)
        while level:
            below = [(*path, name) for path in level for name in known[path]]
            found |= set(below)
            known = {}
            for shape in self.SHAPES:
                known.update(self.known_at([(*path, *shape) for path in below]))
            level = list(known)
        return {self.written(path) for path in found}

    @staticmethod
    def written(path):
        return ".".join(path).replace(".[]", "[]")

    @staticmethod
    def documented():
        """Path -> (value, default), of every row; a heading names one or more parents."""
        rows = {}
        for heading, cells in documents.tables(documents.text_of("docs/configuration.md")):
            if heading == "Kinds of finding":
                continue
            parents = [f"{parent}." for parent in documents.code(heading)] or [""]
            for parent in parents:
                for name in documents.code(cells[0]):
                    assert parent + name not in rows, f"{parent}{name} is documented twice"
                    rows[parent + name] = (cells[1], cells[2])
        return rows

    def test_every_setting_is_documented_and_exists(self):
        known = {path for path in self.all_known() if not path.startswith(self.INLINE)}
        self.assertGreater(len(known), 100)
        documented = set(self.documented())
        # A parent is documented by its children.
        parents = {path[:end.start()] for path in documented for end in re.finditer(r"\.|\[\]", path)}
        self.assertEqual(documented - known, set(), "documented, but no setting")
        self.assertEqual(known - documented - parents, set(), "a setting, but not documented")

    def test_a_policy_in_its_place_has_the_settings_of_a_named_one(self):
        known = self.all_known()
        inline = {path.removeprefix(self.INLINE) for path in known if path.startswith(self.INLINE)}
        named = {path.removeprefix("policies.NAME.") for path in known
                 if path.startswith("policies.NAME.")}
        self.assertTrue(named)
        self.assertEqual(inline, named)

    def test_every_kind_of_finding_is_documented_and_exists(self):
        rows = {documents.code(cells[0])[0] for heading, cells in
                documents.tables(documents.text_of("docs/configuration.md"))
                if heading == "Kinds of finding"}
        known = {path.split(".")[-1] for path in self.all_known()
                 if path.startswith("policies.NAME.severity.")}
        self.assertEqual(rows, known)

    def test_every_documented_bound_is_the_programs(self):
        bounded = {path: re.fullmatch(r"`(\d+)([a-z%]*)` to `(\d+)([a-z%]*)`", value)
                   for path, (value, _) in self.documented().items()}
        bounded = {path: match for path, match in bounded.items() if match}
        self.assertGreater(len(bounded), 8)
        for path, match in bounded.items():
            least, unit, most, unit_of_most = int(match[1]), match[2], int(match[3]), match[4]
            steps = re.sub(r"\[\]", ".[]", path).split(".")
            for text, fits in ((f"{least}{unit}", True), (f"{most}{unit_of_most}", True),
                               (self.below(least, unit), False),
                               (self.above(most, unit_of_most), False)):
                if text is None:
                    continue
                with self.subTest(setting=path, value=text):
                    root = {}
                    self.insert(root, steps[:-1], "zzzzqqqq")
                    self.replace(root, steps[-1], int(text) if unit == "" else text)
                    said = re.findall(rf"'{steps[-1]}' of .* (?:must be|longer than) .*",
                                      self.check(root).stderr)
                    self.assertEqual(len(said), 0 if fits else 1, said)

    @staticmethod
    def below(number, unit):
        if unit in ("", "%"):
            return f"{number - 1}{unit}"
        # Of whole units a little less is all but one of the next smaller.
        return {"s": f"{number * 1000 - 1}ms", "ms": f"{number - 1}ms",
                "d": f"{number * 24 - 1}h"}[unit] if number else None

    @staticmethod
    def above(number, unit):
        return f"{number + 1}{unit}" if unit in ("", "%") else f"{number}{unit}1ms"

    def replace(self, node, name, value):
        """Puts the setting where insert() left its mark."""
        if isinstance(node, dict):
            if node.pop("zzzzqqqq", None) is not None:
                node[name] = value
            node = list(node.values())
        if isinstance(node, list):
            for child in node:
                self.replace(child, name, value)

    def test_every_documented_default_is_that_of_full_yaml(self):
        shown = documents.text_of("config/full.yaml")
        other = []
        for path, (_, default) in self.documented().items():
            value = documents.code(default)
            if path.split(".")[0] in ("atlas", "schedule", "alerting", "web", "store", "log") and value:
                if not re.search(rf"\b{path.split('.')[-1]}: {re.escape(value[0])}[\s,}}]", shown):
                    other.append(f"{path}: {value[0]}")
        self.assertEqual(other, [])

    def test_every_setting_of_the_pages_protection_is_documented(self):
        text = documents.text_of("docs/web-security.md")
        missing = []
        for block in ("tls_server_config", "http_server_config", "rate_limit"):
            web = self.write("web.yml", json.dumps({block: {"zzzzqqqq": 1}, "zzzzqqqq": 1}))
            said = self.check({"web": {"config_file": str(web)}}).stderr
            lists = re.findall(r"no setting 'zzzzqqqq'; it knows (.*)", said)
            self.assertEqual(len(lists), 2, said)
            missing += [f"{block}: {name}" for names in lists for name in names.split(", ")
                        if not re.search(rf"\b{name}\b", text)]
        self.assertEqual(missing, [])


if __name__ == "__main__":
    unittest.main()
