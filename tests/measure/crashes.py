#!/usr/bin/env python3
"""kill -9 at 200 random moments of a run with 100 changes, and what came of the alerts.

Twelve keys drift, are mended, deleted, made again and denied (403), while the daemon is killed and
started again at once, often before it is up, and the receiver refuses a tenth of what it gets. 60
more kills are aimed at the milliseconds in which an alert was taken and that is not journaled yet.
Most changes stand until the receiver knows of them; the others pass. In the end
- every alert that was due had arrived, and all that the journal says was sent or resolved;
- none was resolved unless a poll could have proven it;
- what the receiver was told stood on the first page after each start;
- no `drift_since` of the journal had changed while its key was as it was;
- the journal verified, after every tenth crash and at the end."""
import collections
import json
import random
import subprocess
import sys
import threading
import time

import bench
import harness
import servers
from crash_script import ACCESS, CONTENTS, History, Told, seconds
from harness import BIN, ORG, key_id, reader_key, watched

SEED = int(sys.argv[1]) if len(sys.argv) > 1 else 4
KILLS, AIMED, CHANGES, KEYS = 200, 60, 100, 12
PATIENCE = 60       # seconds until the receiver must know, the crashes notwithstanding
EARLY = 0.25        # of the kills come while the daemon starts
FLEETING = 0.3      # of the changes do not wait for the receiver


class Run:
    def __init__(self, case):
        self.case, self.lock = case, threading.Lock()
        self.dice = random.Random(SEED)
        self.told, self.kills, self.wrong = Told(), 0, []
        self.last = None  # the daemon that is not killed
        self.counts = collections.Counter()
        refusals = random.Random(SEED + 1)
        self.asked = threading.Event()  # the receiver was sent something

        def refuses():
            self.asked.set()
            return refusals.random() < 0.1
        self.hook = servers.Recorder(case, refuses)
        self.sim = case.simulator(*(reader_key(number) for number in range(KEYS)),
                                  arguments=("--rate-limit", "1000000,1000000"))
        self.histories = [History(key_id(number)) for number in range(KEYS)]
        case.write("secrets/hook", "hook-secret-0123456789abcdef\n", 0o600)
        self.store = case.directory / "journal.db"
        self.config = case.config(
            self.sim.url, [watched(number) for number in range(KEYS)], log={"level": "info"},
            store={"path": str(self.store)}, alerting={"webhooks": [{
                "name": "soc", "url": self.hook.url,
                "secret_file": str(case.directory / "secrets/hook")}]})
        self.since = []  # (key, time before the page, time after it, its drift_since)

    def fail(self, sentence):
        self.wrong.append(sentence)

    def hear(self):
        """Takes what arrived since the last time. With the lock."""
        with self.hook.lock:
            new, self.hook.taken = self.hook.taken, []
        for _, body in new:
            self.told.take(body)

    # The daemon, and its end.

    def start(self):
        return harness.Process([BIN / "atlas-key-auditor", "run", "--config", self.config,
                                "--listen", "127.0.0.1:0"])

    def up(self, process):
        url = process.search(r"listening.*address\W+(http://[\d.:]+)", 30)[1]
        return harness.Metrics(harness.request(url + "/metrics").text)

    def crash_again_and_again(self):
        aimed = [False] * KILLS + [True] * AIMED
        self.dice.shuffle(aimed)
        for is_aimed in aimed:
            self.crash(is_aimed)
            self.kills += 1
            if self.kills % 10 == 0:
                self.verify()

    def crash(self, is_aimed):
        with self.lock:
            self.hear()
            known = dict(self.told.firing)
        process, before = self.start(), time.time()
        if is_aimed:
            self.asked.clear()
            self.asked.wait(3)
            time.sleep(self.dice.uniform(0, 0.004))
        elif self.dice.random() < EARLY:
            time.sleep(self.dice.uniform(0, 0.1))
            self.counts["killed early"] += 1
        else:
            self.look(self.up(process), known, before)
            time.sleep(self.dice.uniform(0, 1.2))
        process.kill()
        self.case.collected += [("output", bytes(text)) for text in process.parts.values()]

    def verify(self):
        ended = subprocess.run([BIN / "atlas-key-auditor", "journal", "verify", "--store",
                                self.store], capture_output=True, text=True, check=False)
        if ended.returncode:
            self.fail(f"journal verify after {self.kills} kills: {ended.stdout}{ended.stderr}")

    def look(self, page, known, before):
        """At the first page of a start: nothing that was told is absent from it."""
        self.counts["pages"] += 1
        with self.lock:
            for history in self.histories:
                value = page.value("atlas_key_drift_since_timestamp_seconds", key_id=history.key)
                polled = page.value("atlas_key_last_poll_timestamp_seconds", key_id=history.key)
                # A poll of this start may die with it, uncommitted.
                if polled < before - 0.01:
                    self.since.append((history, before, time.time(), value))
            for labels, start in known.items():
                alert = dict(labels)
                mine = {name: alert[name] for name in ("key_id", "kind", "role") if name in alert}
                if page.value("atlas_alert_firing", alert=alert["alertname"], **mine) == 1:
                    continue
                history = next((one for one in self.histories if one.key == alert.get("key_id")),
                               None)
                if history is None or not history.could_prove(alert["alertname"], seconds(start),
                                                              time.time()):
                    self.fail(f"absent after start {self.kills + 1}: {alert}")

    # The script.

    def change(self, history):
        now, key = history.now, history.key
        if now.denied or self.dice.random() < 0.25:
            self.counts["allow" if now.denied else "deny"] += 1
            history.become(now.content, not now.denied, lambda: self.deny(history))
            return
        content = self.dice.choice([one for one in CONTENTS if one != now.content])
        self.counts[content] += 1
        if content == "deleted":
            history.become(content, False, lambda: self.sim.delete_key(key))
            return
        roles = ["ORG_READ_ONLY"] if content == "fine" else self.dice.choice(
            [["ORG_OWNER"], ["ORG_READ_ONLY", "ORG_OWNER"], []])
        history.become(content, False, lambda: self.sim.put_key(
            key, roles=roles, desc="key", publicKey="reader00"))

    def deny(self, changed):
        """Faults only go together: for a moment the other denied keys can be read as well."""
        denied = [one for one in self.histories if one.now.denied != (one is changed)]
        begin = time.time()
        self.sim.clear_faults()
        for one in denied:
            self.sim.fault("answer", status=403, key=one.key)
        for one in denied:
            if one is not changed:
                one.glimpse(begin, time.time())

    def await_told(self, history, fleeting):
        """Whether the key may change again."""
        if fleeting is not None:
            return time.time() >= fleeting
        if history.is_told(self.told):
            return True
        since = history.now.begin
        if time.time() - since > PATIENCE:
            self.fail(f"{history.now} of {history.key}, and the receiver believes " + ", ".join(
                dict(one)["alertname"] for one in self.told.firing
                if dict(one).get("key_id") == history.key))
            return True
        return False

    def follow_script(self, crasher):
        waiting, made = {}, 0  # by history: when a fleeting change is over
        while made < CHANGES or waiting or self.last is None:
            time.sleep(0.02)
            if not crasher.is_alive() and self.last is None:
                # By this thread: a child ends with the thread that started it.
                self.last = self.case.keep(self.start())
            with self.lock:
                self.hear()
                waiting = {one: until for one, until in waiting.items()
                           if not self.await_told(one, until)}
                free = [one for one in self.histories if one not in waiting]
                if made < CHANGES and free and self.kills * CHANGES >= made * (KILLS + AIMED):
                    history = self.dice.choice(free)
                    self.change(history)
                    waiting[history] = time.time() + self.dice.uniform(0, 2) \
                        if self.dice.random() < FLEETING else None
                    made += 1

    def mend_all(self):
        with self.lock:
            for history in self.histories:
                if history.now.denied:
                    history.become(history.now.content, False, lambda one=history: self.deny(one))
                if history.now.content != "fine":
                    history.become("fine", False, lambda one=history: self.sim.put_key(
                        one.key, roles=["ORG_READ_ONLY"], desc="key", publicKey="reader00"))

    def is_over(self):
        self.hear()
        return not self.told.firing


def judge_resolves(run):
    by_key = {history.key: history for history in run.histories}
    for (labels, start), ends in run.told.ended.items():
        alert = dict(labels)
        history = by_key.get(alert.get("key_id"))
        for end in ends:
            if history is None or not history.could_prove(alert["alertname"], seconds(start),
                                                          seconds(end)):
                run.fail(f"resolved without proof at {end}: {alert}")
        if len(ends) > 1:
            run.fail(f"ended more than once ({ends}): {alert}")


def judge_alarms(run):
    by_key = {history.key: history for history in run.histories}
    for labels, start in run.told.begun:
        alert = dict(labels)
        history = by_key.get(alert.get("key_id"))
        # A poll, and its answer on the way, may be as old as a request takes.
        if history is None or not history.could_cause(alert["alertname"], seconds(start) - 6,
                                                      seconds(start)):
            run.fail(f"a false alarm at {start}: {alert}")
        if (labels, start) not in run.told.ended:
            run.fail(f"never resolved, begun at {start}: {alert}")


def incidents(records, kind):
    """How often each incident is in records of that type."""
    return collections.Counter(
        (tuple(sorted(record["data"]["labels"].items())), record["data"]["starts_at"])
        for record in records if record["type"] == kind)


def judge_journal(run, records):
    sent, resolved = incidents(records, "alert_sent"), incidents(records, "alert_resolved")
    for name, journaled, told in (("sent", sent, run.told.begun),
                                  ("resolved", resolved, run.told.ended)):
        for incident in journaled.keys() ^ told.keys():
            run.fail(f"{name}: only {'journaled' if incident in journaled else 'told'}: {incident}")
        run.wrong += [f"{name} {count} times in the journal: {incident}"
                      for incident, count in journaled.items() if count > 1]
    begun = collections.defaultdict(list)
    for labels, start in run.told.begun:
        begun[dict(labels).get("key_id"), dict(labels).get("kind")].append(seconds(start))
    for record in records:
        finding = record["data"]
        if record["type"] == "finding_opened" and finding["kind"] == "role_unexpected":
            since = seconds(finding["since"])
            if not any(since <= start < since + 5 for start in
                       begun[record["key_id"], "role_unexpected"]):
                run.fail(f"a finding without an alert: {record}")


def findings_of(run, records):
    """By key, the moments at which its findings changed: (time, the earliest `since` from then
    on). Each ends as it began, and with proof."""
    by_key = {history.key: history for history in run.histories}
    moments, still = collections.defaultdict(list), collections.defaultdict(dict)
    for record in records:
        if record["type"] not in ("finding_opened", "finding_closed"):
            continue
        key, finding, when = record["key_id"], record["data"], seconds(record["time"])
        what, since = (finding["kind"], finding["role"]), seconds(finding["since"])
        if record["type"] == "finding_opened":
            if what in still[key]:
                run.fail(f"opened while it was open: {record}")
            still[key][what] = since
        else:
            if still[key].pop(what, None) != since:
                run.fail(f"closed as another than was opened: {record}")
            alert = "AtlasKeyNotFound" if finding["kind"] == "key_missing" else "AtlasKeyDrift"
            if not by_key[key].could_prove(alert, since, when):
                run.fail(f"closed without proof: {record}")
        moments[key].append((when, min(still[key].values(), default=None)))
    return moments


def judge_since(run, records):
    moments = findings_of(run, records)
    for history, begin, end, shown in run.since:
        mine = moments[history.key]
        if any(begin - 0.01 <= when <= end + 0.01 for when, _ in mine):
            continue
        expected = next((since for when, since in reversed(mine) if when < begin), None)
        run.counts["drift_since compared"] += expected is not None
        if expected != shown and abs((expected or 0) - (shown or 0)) > 0.002:
            run.fail(f"drift_since of {history.key} at {begin} is {shown}, journaled {expected}")


with bench.stage() as case:
    run = Run(case)
    begin = time.monotonic()
    trouble = []

    def crash():
        try:
            run.crash_again_and_again()
        except BaseException as error:
            trouble.append(error)
            raise
    crasher = threading.Thread(target=crash, daemon=True)
    crasher.start()
    run.follow_script(crasher)
    assert not trouble, trouble
    run.mend_all()
    try:
        harness.wait_for("all to be resolved", run.is_over, PATIENCE)
    except AssertionError:
        run.fail(f"still believed at the end: {run.told.firing}")
    if run.last.stop() != 0:
        run.fail("the daemon ended badly")
    run.hear()
    run.verify()
    exported = subprocess.run([BIN / "atlas-key-auditor", "journal", "export", "--store", run.store],
                              capture_output=True, text=True, check=True).stdout
    records = [json.loads(line) for line in exported.splitlines()]
    judge_resolves(run)
    judge_alarms(run)
    judge_journal(run, records)
    judge_since(run, records)
    if run.wrong:
        (harness.SOURCE / "build/crashes.jsonl").write_text(exported)
    took = time.monotonic() - begin

told = run.told
bench.verdict(
    "crashes", f"seed {SEED}: {run.kills} kills, {CHANGES} changes in {took:.0f} s; "
    f"{len(told.begun)} alerts told {sum(told.begun.values())} times, {len(told.ended)} resolved; "
    f"{len(records)} records; {dict(run.counts)}",
    (f"{len(run.wrong)} wrong:\n  " + "\n  ".join(run.wrong[:20]) + "\n", not run.wrong))
