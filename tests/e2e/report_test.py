"""The evidence of a quarter: what `report` says equals what this file computes from the exported
journal, by other means: a minute at a time."""
import datetime
import hashlib
import json
import random
import sqlite3
import subprocess
import unittest

import harness
from harness import BIN, ORG, OTHER_ORG, key_id

BEGIN = datetime.datetime(2026, 7, 1, tzinfo=datetime.timezone.utc)
MINUTES = 92 * 24 * 60  # July to September
LONGEST = 90  # minutes between two marks of one run


def text(minute):
    return (BEGIN + datetime.timedelta(minutes=minute)).strftime("%Y-%m-%dT%H:%M:%SZ")


def minute_of(time):
    then = datetime.datetime.strptime(time, "%Y-%m-%dT%H:%M:%SZ").replace(
        tzinfo=datetime.timezone.utc)
    return int((then - BEGIN).total_seconds() // 60)


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


class Quarter:
    """A world that happens: two organizations, six keys, forty incidents, outages."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.events = []  # (minute, order, type, org, key, data)
        self.keys = [(ORG if number < 4 else OTHER_ORG, key_id(number + 1)) for number in range(6)]
        self.names = {ORG: "acme", OTHER_ORG: "globex"}
        self.runs()
        for number in range(40):
            self.incident(number)
        self.events.sort(key=lambda event: event[:2])

    def say(self, minute, kind, org=None, key=None, data=None):
        self.events.append((minute, len(self.events), kind, org, key, data or {}))

    def runs(self):
        """Processes that stop and are killed, with their hourly checkpoints."""
        minute = -3000
        self.say(minute, "start", data={"version": "2.0"})
        for org, key in self.keys:
            self.say(minute, "key_added", org, key, {"org": self.names[org], "key": key[-4:],
                                                     "owner": "team"})
        while minute < MINUTES + 3000:
            length = self.random.randint(2000, 20000)
            for hour in range(60, length, 60):
                for org in self.names:
                    blind = self.random.random() < 0.01
                    if self.random.random() < 0.003:
                        continue  # a checkpoint that is missing
                    self.say(minute + hour, "checkpoint", org, None, {
                        "org": self.names[org], "keys": 3, "polls": 36,
                        "conclusive": 0 if blind else 36,
                        "oldest_success": self.random.choice(
                            [None] + [text(minute + hour - late) for late in (1, 89, 90, 91)])})
            end = minute + length
            if self.random.random() < 0.6:
                self.say(end, "stop")
            minute = end + self.random.choice([1, 2, 45, 180])
            self.say(minute, "start", data={"version": "2.0"})

    def incident(self, number):
        org, key = self.random.choice(self.keys)
        opened = self.random.randint(-1000, MINUTES - 10)
        finding = {"kind": "role_forbidden", "severity": "critical", "role": f"ROLE_{number}",
                   "project_id": "", "expected": "", "actual": f"ROLE_{number}", "since": text(opened)}
        self.say(opened, "finding_opened", org, key, finding)
        if number % 4:
            labels = {"alertname": "AtlasKeyDrift", "kind": "role_forbidden", "role": f"ROLE_{number}"}
            self.say(opened + 1, "alert_sent", org, key, {"labels": labels, "sink": "webhook:soc"})
        minute = opened + self.random.randint(5, 5000)
        if number % 5 == 0:
            self.say(minute, "finding_waived", org, key, {
                **finding, "reason": "migration", "ticket": f"SEC-{number}", "until": text(minute + 900)})
            minute += self.random.randint(5, 900)
            self.say(minute, "waiver_lapsed", org, key, finding)
            minute += self.random.randint(5, 5000)
        if number % 13:
            self.say(minute, "finding_closed", org, key, finding)


class Independent:
    """The same numbers, from the lines of an export."""

    def __init__(self, lines):
        self.records = [json.loads(line) for line in lines]

    def findings(self):
        found = {}
        for record in self.records:
            data, minute = record["data"], minute_of(record["time"])
            if record["type"].startswith("finding_") or record["type"] == "waiver_lapsed":
                one = found.setdefault((record["org_id"], record["key_id"], data["role"]),
                                       {"states": [], "closed": None, "told": None, "tickets": []})
                one["states"].append((minute, record["type"] in ("finding_opened", "waiver_lapsed")))
                one.setdefault("opened", minute)
                if record["type"] == "finding_closed":
                    one["closed"] = minute
                if record["type"] == "finding_waived":
                    one["tickets"].append(data["ticket"])
            elif record["type"] == "alert_sent":
                one = found[(record["org_id"], record["key_id"], data["labels"]["role"])]
                one["told"] = one["told"] or minute
        result = {}
        for name, one in found.items():
            if (one["closed"] is not None and one["closed"] < 0) or one["opened"] >= MINUTES:
                continue
            exposed = 0
            for minute in range(MINUTES):
                # What was last said at or before the minute.
                said = [is_open for when, is_open in one["states"] if when <= minute]
                exposed += bool(said and said[-1])
            # Whatever happens at or after the end is not known to the report.
            closed = one["closed"] if one["closed"] is not None and one["closed"] < MINUTES else None
            result[name] = (text(one["opened"]), text(closed) if closed is not None else None,
                            text(one["told"]) if one["told"] else None, exposed * 60,
                            sorted(one["tickets"]))
        return result

    def unproven(self, org):
        return sum(1 for record in self.records
                   if record["type"] == "checkpoint" and record["org_id"] == org
                   and 0 <= minute_of(record["time"]) < MINUTES
                   and (record["data"]["oldest_success"] is None or
                        minute_of(record["time"]) - minute_of(record["data"]["oldest_success"]) > LONGEST))

    def covered(self, org):
        """A minute is covered if the run it is in has a mark at most 90 minutes before the next one
        after it, and that next one, if it is a checkpoint, counts a conclusive poll."""
        marks = []  # (minute, what)
        last = None
        for record in self.records:
            minute = minute_of(record["time"])
            if record["type"] == "start":
                if marks and marks[-1][1] != "end":
                    marks.append((last, "end"))
                marks.append((minute, "start"))
            elif record["type"] == "stop":
                marks.append((minute, "end"))
            elif record["type"] == "checkpoint" and record["org_id"] == org:
                marks.append((minute, "good" if record["data"]["conclusive"] else "blind"))
            last = minute
        covered = [False] * MINUTES
        for (begin, before), (end, after) in zip(marks, marks[1:]):
            if before == "end" or after == "blind" or end - begin > LONGEST:
                continue
            for minute in range(max(begin, 0), min(end, MINUTES)):
                covered[minute] = True
        return covered


class Report(harness.TestCase):
    def setUp(self):
        super().setUp()
        self.store = self.directory / "journal.db"
        self.settings = self.config("http://127.0.0.1:1", [{"id": key_id(1), "policy": "reader"}],
                                    store={"path": str(self.store)})
        # The program makes its store itself; what happened in the quarter is then put into it.
        daemon = self.daemon(self.settings)
        self.assertEqual(daemon.stop(), 0)

    def fill(self, quarter):
        with sqlite3.connect(self.store) as database:
            database.execute("DELETE FROM journal")
            prev = "0" * 64
            for seq, (minute, _, kind, org, key, data) in enumerate(quarter.events, 1):
                record = {"seq": seq, "time": text(minute), "type": kind, "org_id": org,
                          "key_id": key, "data": data, "prev": prev}
                prev = hashlib.sha256((prev + "\n" + canonical(record)).encode()).hexdigest()
                database.execute("INSERT INTO journal VALUES (?,?,?,?,?,?,?,?)",
                                 (seq, text(minute), kind, org or "", key or "", canonical(data),
                                  record["prev"], prev))
            database.execute("INSERT OR REPLACE INTO meta VALUES ('head', ?)",
                             (f"{len(quarter.events)} {prev}",))
        database.close()
        return prev

    def report(self, *arguments):
        return self.run_auditor("report", "--config", self.settings, "--from", "2026-07-01", "--to",
                                "2026-09-30", *arguments, seconds=60)

    def test_a_quarter_with_forty_incidents(self):
        head = self.fill(Quarter(7))
        made = self.report("--format", "json")
        self.assertEqual(made.process.returncode, 0, made.stderr)
        told = json.loads(made.stdout)
        exported = subprocess.run([BIN / "atlas-key-auditor", "journal", "export", "--config",
                                   self.settings], capture_output=True, text=True, check=True)
        truth = Independent(exported.stdout.splitlines())
        findings = {(one["org_id"], one["key_id"], one["role"]): (
            one["opened"], one["closed"], one["told"], one["exposed_seconds"],
            sorted(waiving["ticket"] for waiving in one["waived"])) for one in told["findings"]}
        self.assertEqual(len(findings), len(told["findings"]))
        expected = truth.findings()
        self.assertGreater(len(expected), 35)
        self.assertEqual(findings, expected)
        self.assertEqual({one["org"] for one in told["coverage"]}, {"acme", "globex"})
        for one in told["coverage"]:
            covered = truth.covered(one["org_id"])
            self.assertGreater(len(one["gaps"]), 5)
            self.assertEqual(one["checkpoints_with_unproven_keys"], truth.unproven(one["org_id"]))
            self.assertEqual(one["uncovered_seconds"], covered.count(False) * 60)
            for gap in one["gaps"]:
                begin, end = minute_of(gap["from"]), minute_of(gap["until"])
                self.assertEqual(covered[begin:end], [False] * (end - begin))
        self.assertEqual(len(told["keys"]), 6)
        chain, = told["chains"]
        self.assertEqual((chain["head_sha256"], chain["verified"]), (head, True))

    def test_one_file_for_eyes(self):
        self.fill(Quarter(8))
        made = self.report()
        self.assertEqual(made.process.returncode, 0, made.stderr)
        self.assertTrue(made.stdout.startswith("<!doctype html>"))
        for refers in ("src=", "href=", "url("):
            self.assertNotIn(refers, made.stdout)
        self.assertIn("every record verifies", made.stdout)
        self.assertIn("no process watched", made.stdout)

    def test_a_forged_journal_is_told(self):
        self.fill(Quarter(9))
        with sqlite3.connect(self.store) as database:
            database.execute("UPDATE journal SET data = '{}' WHERE type = 'finding_opened'")
        database.close()
        made = self.report("--format", "json")
        self.assertEqual(made.process.returncode, 1)
        self.assertIn("does not verify", made.stderr)
        self.assertFalse(json.loads(made.stdout)["chains"][0]["verified"])

    def test_periods_that_are_none(self):
        for begin, end, why in (("2026-09-30", "2026-07-01", "--from must be before --to"),
                                ("yesterday", "2026-07-01", "--from takes 2027-01-31")):
            made = self.run_auditor("report", "--config", self.settings, "--from", begin, "--to", end)
            self.assertEqual(made.process.returncode, 1)
            self.assertIn(why, made.stderr)


if __name__ == "__main__":
    unittest.main()
