"""Every command that a page shows is run: the `sh` blocks, line by line and in order, and what begins
with one of the two programs within a text. They meet a simulator, a daemon with an open finding, and
only the programs listed here; what needs root, a cluster or an Atlas organization is stood in for and
checked for what it names. A command that is in neither list fails."""
import json
import os
import re
import shutil
import subprocess
import unittest

import documents
import harness
import servers
from harness import BIN, ORG, PROJECT, SOURCE

KEY = "64aa11bb22cc33dd44ee55f1"
REPORTS = "64aa11bb22cc33dd44ee55f3"
BACKUP = "64aa11bb22cc33dd44ee55f4"
REAL = ("grep", "sed", "sort", "uniq", "cut", "head", "tail", "cat", "sha256sum", "df", "ls", "python3")

# Stood in for: what the arguments must match, and which test runs such a command in earnest.
UNIT = r"(status|reload|enable --now|edit|-u) atlas-key-auditor\b.*"
ATLAS = (r"organizations apiKeys (describe|assign) KEY --orgId ORG( --role [A-Z_]+)?|"
         r"organizations apiKeys list --orgId ORG|projects apiKeys delete KEY --projectId PROJECT|"
         r"events organizations list --orgId ORG -o json --type API_KEY_[A-Z_,]+")
ELSEWHERE = {
    "systemctl": (UNIT, "tests/systemd.sh"),
    "journalctl": (UNIT, "tests/systemd.sh"),
    "kubectl": (r"(get pods|logs) -l app.kubernetes.io/name=atlas-key-auditor\b.*",
                "tests/kubernetes/run.sh"),
    "helm": (r"install auditor deploy/helm/atlas-key-auditor( --set(-file)? \S+=\S+)+",
             "tests/kubernetes/run.sh"),
    "apt": (r"install ./build/package/atlas-key-auditor_\*.deb", "tests/systemd.sh"),
    "cmake": (r"--workflow --preset package", "tests/systemd.sh"),
    "docker": (r"build -f deploy/Containerfile -t atlas-key-auditor \.|run .* atlas-key-auditor|"
               r"compose -f deploy/compose/compose\.yaml up", "tests/container.sh"),
    "deploy/install-packages.sh": (r"package", "tests/systemd.sh"),
    "deploy/quickstart.sh": (r"", ".ci/run"),
    "tests/run.sh": (r"(asan|tsan)?", ".ci/run"),
    ".ci/run": (r"", ".ci/run"),
    "git": (r"-C \S+ log .*", None),  # in the reader's own repository
    "atlas": (ATLAS, None),           # nothing here can answer it
}

# The daemon and the simulator stay until they are told to go, and a drill lasts for two minutes.
WRAPPER = """#!/bin/bash
PATH=/usr/bin:/bin
program={program}
case "{name} $1" in
  'atlas-key-auditor drill') exec $program "$@" --for 1s ;;
  'atlas-key-auditor run') set -- "$@" --listen 127.0.0.1:0 ;;
  'atlas-key-sim --help') exec $program "$@" ;;
  'atlas-key-sim '*) [[ "$*" == *--listen* ]] || set -- "$@" --listen 127.0.0.1:0 ;;
  *) exec $program "$@" ;;
esac
# What an earlier one said is no sign of this one.
: >said
$program "$@" >said 2>&1 &
for _ in {{1..1200}}; do
  grep -q listening said && break
  kill -0 $! 2>/dev/null || break
  sleep 0.05
done
cat said
kill $! 2>/dev/null
wait $!
"""


class Commands(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.tools = self.directory / "bin"
        self.tools.mkdir()
        for name in REAL:
            (self.tools / name).symlink_to(shutil.which(name))
        for name in ("atlas-key-auditor", "atlas-key-sim"):
            self.program(self.tools / name, WRAPPER.format(program=BIN / name, name=name))
        self.program(self.tools / "curl",
                     f'#!/bin/sh\nexec {shutil.which("curl")} --fail-with-body --max-time 30 "$@"\n')
        if servers.ALERTMANAGER:
            (self.tools / "amtool").symlink_to(shutil.which("amtool"))
        else:
            self.program(self.tools / "amtool", "#!/bin/sh\n")
        # The log is played by the events that docs/logs.md lists.
        events = {documents.code(cells[0])[0]
                  for _, cells in documents.tables(documents.text_of("docs/logs.md"))}
        self.write("events", "".join(f"{event}\n" for event in sorted(events)))
        for name in ELSEWHERE:
            if "/" not in name:
                self.stand_in(self.tools / name)

    @staticmethod
    def program(path, text):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o755)

    def stand_in(self, path):
        says = f"/bin/cat {self.directory}/events" if path.name == "journalctl" else ""
        self.program(path, f'#!/bin/bash\necho "$0 $*" >> {self.directory}/calls\n{says}\n')

    def world(self):
        """A daemon that has something to tell of everything that a runbook asks for."""
        sim = self.simulator(
            {"id": KEY, "desc": "ci", "publicKey": "abcdwxyz", "roles": ["ORG_MEMBER"]},
            {"id": REPORTS, "desc": "reports", "publicKey": "abcdwxyy",
             "roles": ["ORG_READ_ONLY", f"GROUP_OWNER@{PROJECT}"]},
            {"id": BACKUP, "desc": "backup", "publicKey": "abcdwxyx", "roles": ["ORG_MEMBER"]},
            faults=[{"key": BACKUP, "effect": "answer", "code": "IP_ADDRESS_NOT_ON_ACCESS_LIST"}])
        manager = servers.Alertmanager(self) if servers.ALERTMANAGER else None
        urls = [manager.url] if manager else [servers.Recorder(self).url]
        settings = {
            "keys": [{"id": KEY, "name": "ci", "policy": "member"},
                     {"id": REPORTS, "name": "reports", "policy": "reader"},
                     {"id": BACKUP, "name": "backup", "policy": "member"}],
            "first": {"name": "prod", "discover": True},
            "policies": {"member": {"roles": {"exact": ["ORG_MEMBER"]}},
                         "reader": {"roles": {"exact": ["ORG_READ_ONLY"]}}},
            "alerting": {"heartbeat": "1s", "alertmanager": {"urls": urls}},
            "store": {"path": str(self.directory / "journal.db")}}
        config = self.config(sim.url, **settings)
        daemon = self.daemon(config)
        daemon.wait_for_state("backup", "forbidden", "ip_not_on_access_list")
        daemon.wait_for_state("reports", "drift")
        # A load that asks for less.
        self.config(sim.url, **settings, schedule={"stale_after": 9})
        daemon.signal(1)
        daemon.search("policy_weakened")
        harness.wait_for("the heartbeat", lambda: daemon.metrics().all(
            "atlas_alert_firing", alert="AtlasAuditorAlive"))
        return {"9974": daemon.url, "9975": sim.url, "9093": urls[0]}

    def place(self, name):
        """A directory to run the commands of a page in, with the files that they name."""
        path = self.directory / "pages" / name.replace("/", "-")
        path.mkdir(parents=True)
        config = (self.directory / "auditor.yaml").read_text()
        for file in ("auditor.yaml", "new.yaml", "directory/auditor.yaml"):
            (path / file).parent.mkdir(exist_ok=True)
            (path / file).write_text(config)
        for file in self.directory.glob("journal.db*"):
            (path / file.name).symlink_to(file)
        shutil.copytree(SOURCE / "deploy/quickstart", path / "deploy/quickstart")
        shutil.copy(SOURCE / "tests/journal/verify_export.py", path)
        for name in ELSEWHERE:
            if "/" in name:
                self.stand_in(path / name)
        return path

    def local(self, text, place, addresses):
        """The text with the addresses, paths and names of this test."""
        for port, url in addresses.items():
            text = re.sub(rf"https?://127\.0\.0\.1:{port}\b", url, text)
        for shown, is_here in ((r"/etc/atlas-key-auditor/", f"{place}/"),
                               (r"/var/lib/atlas-key-auditor\b", str(self.directory)),
                               (r"\bFILE\b", "auditor.yaml"), (r"\bDIRECTORY\b", "directory"),
                               (r"\bORG_ID\b", ORG), (r"\bKEY_ID\b", KEY), (r"\bNAME\b", "prod"),
                               (r"\bPROJECT_ID\b", PROJECT)):
            text = re.sub(shown, is_here, text)
        return text

    def run_script(self, script, place):
        elsewhere = re.findall(r"https?://(?!127\.0\.0\.1[:/])[^\s'\"]+", script)
        self.assertEqual(elsewhere, [], "a test asks nobody but this machine")
        ended = subprocess.run(["/bin/bash", "-euo", "pipefail", "-c", script], cwd=place,
                               capture_output=True, text=True,
                               timeout=110 * max(1, harness.SLOWNESS),
                               env={**{name: value for name, value in os.environ.items()
                                       if name.endswith("SAN_OPTIONS")}, "PATH": str(self.tools),
                                    "HOME": str(place), "POD_NAME": "auditor-2"})
        self.collected.append((script, ended.stdout.encode() + ended.stderr.encode()))
        return ended

    def try_block(self, block, place, addresses):
        local = self.local(block.text, place, addresses)
        # The journal may grow between the look at its head and the export.
        for _ in range(20 if "9c1f…" in local else 1):
            script = local
            if "9c1f…" in script:
                page = harness.Metrics(harness.request(addresses["9974"] + "/metrics").text)
                head = page.all("atlas_key_auditor_journal_head_info")[0]["sha256"]
                script = script.replace("9c1f…", head)
            (self.directory / "calls").write_text("")
            ended = self.run_script(script, place)
            if "grew since" not in ended.stderr:
                break
        self.assertEqual(ended.returncode, 0, f"{script}\n{ended.stdout}\n{ended.stderr}")
        for call in (self.directory / "calls").read_text().splitlines():
            self.check_call(call.removeprefix(f"{self.tools}/").removeprefix(f"{place}/"))
        return ended.stdout

    def check_call(self, call):
        name, _, arguments = call.removeprefix("./").partition(" ")
        for word, value in (("ORG", ORG), ("KEY", KEY), ("PROJECT", PROJECT)):
            arguments = arguments.replace(value, word)
        wanted, by = ELSEWHERE[name]
        self.assertRegex(arguments, rf"\A(?:{wanted})\Z", name)
        if name == "helm":
            values = documents.text_of("deploy/helm/atlas-key-auditor/values.yaml")
            for value in re.findall(r"--set(?:-file)? (\w+)", arguments):
                self.assertRegex(values, rf"(?m)^{value}:")
        for path in (by, name if "/" in name else None):
            if path:
                self.assertTrue(os.access(SOURCE / path, os.X_OK), path)

    def shown(self, pages):
        """Page -> its `sh` blocks."""
        found = {}
        for block in documents.blocks():
            if block.kind == "sh" and re.match(pages, block.section[0]):
                found.setdefault(block.section[0], []).append(block)
        self.assertTrue(found, pages)
        return found

    def try_pages(self, pages, addresses):
        said = {}
        for page, blocks in self.shown(pages).items():
            place = self.place(page)
            for block in blocks:
                with self.subTest(block.place):
                    said[block.place] = self.try_block(block, place, addresses)
        return list(said.values())

    def test_those_of_the_runbooks(self):
        self.try_pages(r"docs/runbooks/", self.world())

    def test_those_of_other_pages(self):
        self.try_pages(r"(?!docs/(runbooks/|journal|web-security|simulator))", self.world())

    def test_those_of_the_journal(self):
        said = self.try_pages(r"docs/journal", self.world())
        first = (self.directory / "pages/docs-journal.md/journal.jsonl").read_text().splitlines()[0]
        self.assertIn(f"{json.loads(first)['hash']}  -\n", said, "the shell computes the hash")

    def test_those_of_the_simulator(self):
        sim = self.simulator()
        self.config(sim.url, [])
        self.try_pages(r"docs/simulator", {"9975": sim.url})
        self.assertIn('"throttle"', json.dumps(sim.call("GET", "/sim/faults")))

    def test_those_of_the_protected_pages(self):
        authority = servers.Authority(self.directory)
        certificate, key = authority.issue("server")
        web = self.write("web.yml", {"tls_server_config": {
            "cert_file": str(certificate), "key_file": str(key), "client_ca_file": str(authority.ca),
            "client_auth_type": "RequireAndVerifyClientCert"}})
        config = self.config("http://127.0.0.1:1", [harness.watched(1)],
                             web={"config_file": str(web)})
        daemon = self.daemon(config)
        shown = self.shown(r"docs/web-security")
        place = self.place("docs/web-security.md")
        for name, pair in (("client.crt", certificate), ("client.key", key)):
            shutil.copy(pair, place / name)
        for block in shown["docs/web-security.md"]:
            self.try_block(block, place, {"9974": daemon.url})

    def test_what_the_first_screen_shows_is_what_the_quickstart_says(self):
        shutil.copytree(SOURCE / "deploy/quickstart", self.directory / "quickstart")
        sim = self.keep(harness.Simulator("--fixture", self.directory / "quickstart/fixture.json"))
        config = self.directory / "quickstart/auditor.yaml"
        config.write_text(config.read_text().replace("http://127.0.0.1:9975", sim.url))
        daemon = self.daemon(config)
        harness.wait_for("a finding", lambda: daemon.metrics().all("atlas_key_finding", key="reports"))
        daemon.wait_for_state("backup", "forbidden", "ip_not_on_access_list", seconds=30)
        said = self.run_auditor("audit", "--config", config).stdout
        finding, metrics = [block.text for block in documents.blocks()
                            if block.section[0] == "README.md" and block.kind == "text"]
        anytime = r"\d{4}-\d\d-\d\dT[0-9:.]+Z"
        wanted = re.sub(r"since\\ \S+", lambda _: f"since {anytime}", re.escape(finding))
        self.assertRegex(said, wanted)
        for line in metrics.splitlines():
            self.assertRegex(daemon.metrics().text, rf"(?m)^{re.escape(line).replace('…', '[0-9a-f]+')}$")
        line = next(block.text for block in documents.blocks()
                    if block.section[0] == "docs/logs.md" and block.kind == "text")
        wanted = re.escape(line.split(" ", 1)[1].strip()).replace("…", ".*")
        self.assertRegex(daemon.stderr, rf"(?m)^{anytime} {wanted}$")

    def test_those_within_texts(self):
        addresses = self.world()
        tried = 0
        for path in documents.MARKDOWN:
            page = str(path.relative_to(SOURCE))
            if page == "CHANGELOG.md":  # tells of what was
                continue
            prose = re.sub(r"^ *```.*?^ *```", "", path.read_text(), flags=re.MULTILINE | re.DOTALL)
            for command in re.findall(r"`(atlas-key-(?:auditor|sim) [^`]*--[^`]*)`", prose):
                tried += 1
                with self.subTest(page=page, command=command):
                    place = self.place(f"{page}-{tried}")
                    ended = self.run_script(self.local(command, place, addresses), place)
                    # The world has findings.
                    expected = 2 if command.startswith("atlas-key-auditor audit") else 0
                    self.assertEqual(ended.returncode, expected, ended.stderr)
        self.assertGreater(tried, 8)


if __name__ == "__main__":
    unittest.main()
