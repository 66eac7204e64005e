#!/usr/bin/env python3
"""Four shards with a standby each over 10,000 keys and one PostgreSQL: owners are killed at 50 random
moments (kill -9, and started again as the standby), and PostgreSQL is restarted 5 times, while 40 of
the keys drift and are mended. In the end
- the service was asked for every key at least once in each interval and 15 s;
- every alert that was due had arrived, and what was mended was resolved;
- none began without a cause or was resolved unless a poll could have proven it;
- no two processes owned a shard, and every chain verifies.

    fleet.py [--keys N] [--kills N] [--restarts N] [--interval SECONDS] [--seed N]

`fleet.py --keys 400 --kills 10 --restarts 1 --interval 5` takes about two minutes."""
import argparse
import calendar
import collections
import json
import random
import re
import subprocess
import time

import bench
import harness
import postgres
import servers
from crash_script import History, Told, seconds
from harness import BIN

SHARDS, ORGANIZATIONS, SCRIPTED = 4, 40, 40
TAKEOVER = 15
ASKED = re.compile(r"^\[([\d-]+ [\d:]+)(\.\d+)\] .* GET \S+/apiKeys/(\w{24}) 200$", re.MULTILINE)

options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
options.add_argument("--keys", type=int, default=10_000)
options.add_argument("--kills", type=int, default=50)
options.add_argument("--restarts", type=int, default=5)
options.add_argument("--interval", type=int, default=45)
options.add_argument("--seed", type=int, default=5)
options = options.parse_args()


def is_owner(daemon):
    return daemon.metrics().value("atlas_key_auditor_standby") == 0


class Run:
    def __init__(self, case):
        self.case, self.dice = case, random.Random(options.seed)
        self.told, self.wrong, self.taken_over = Told(), [], []
        self.hook = servers.Recorder(case)
        case.write("secrets/hook", "hook-secret-0123456789abcdef\n", 0o600)
        self.database = postgres.Postgres(case)
        self.sim, self.config = bench.generated(
            case, "--keys", options.keys, "--organizations", ORGANIZATIONS, log_level="debug")
        text = re.sub(r"rate_limit: .*", "rate_limit: {burst: 10000, per_minute: 100000}",
                      self.config.read_text())
        text = re.sub(r"interval: \w+", f"interval: {options.interval}s", text)
        text = re.sub(r'store: {path: ".*"}', f'store: {{url: "{self.database.url}"}}', text)
        self.config.write_text(
            f"{text}alerting: {{webhooks: [{{name: soc, url: '{self.hook.url}', secret_file: "
            f"{case.directory}/secrets/hook}}]}}\n")
        self.all_keys = self.read_keys(text)
        self.histories = [History(key) for key in
                          self.dice.sample(sorted(self.all_keys), SCRIPTED)]
        self.waiting = {}  # by history that changed: since when
        self.changes = 0
        self.daemons = [[self.start(shard), self.start(shard)] for shard in range(SHARDS)]

    @staticmethod
    def read_keys(text):
        """By key: its organization and the roles that its policy asks for."""
        roles = {name: json.loads(exact) for name, exact in re.findall(
            r"^  (policy-\d+):\n.*\n    roles: {exact: (\[.*\])}", text, re.MULTILINE)}
        keys, organization = {}, None
        for line in text.splitlines():
            if match := re.match(r'  - id: "(\w+)"', line):
                organization = match[1]
            elif match := re.match(r'      - {id: "(\w+)", policy: ([\w-]+)', line):
                keys[match[1]] = organization, roles[match[2]]
        return keys

    def start(self, shard):
        return self.case.keep(harness.Daemon(self.case, self.config, "--shard", f"{shard}/{SHARDS}"))

    # What happens to the keys.

    def become(self, history, content):
        organization, roles = self.all_keys[history.key]
        wanted = roles if content == "fine" else [*roles, "ORG_OWNER"]
        history.become(content, False, lambda: self.sim.put_key(history.key, organization,
                                                                roles=wanted))
        self.waiting[history] = time.monotonic()
        self.changes += 1

    def follow(self):
        """Takes what arrived, and changes a key that has waited for nothing."""
        with self.hook.lock:
            new, self.hook.taken = self.hook.taken, []
        for _, body in new:
            self.told.take(body)
        for history, since in list(self.waiting.items()):
            if history.is_told(self.told):
                del self.waiting[history]
            elif time.monotonic() - since > 2 * (options.interval + TAKEOVER):
                self.wrong.append(f"{history.now} of {history.key} was not told")
                del self.waiting[history]
        free = [one for one in self.histories if one not in self.waiting]
        if free and self.dice.random() < 0.2:
            history = self.dice.choice(free)
            self.become(history, "drift" if history.now.content == "fine" else "fine")

    def wait(self, duration):
        bench.run_for(duration, self.follow, 0.1)
        # A page of 10,000 keys a second is not what a test should keep.
        self.case.collected.clear()

    # What happens to the processes.

    def owners(self, shard):
        return [one for one in self.daemons[shard] if is_owner(one)]

    def await_owner(self, shard, begin):
        while not self.owners(shard):
            self.follow()
            if time.monotonic() - begin > TAKEOVER:
                self.wrong.append(f"nobody took shard {shard} within {TAKEOVER} s")
                return
            time.sleep(0.1)
        self.taken_over.append(time.monotonic() - begin)

    def kill(self):
        """At any moment: also while the shard has no owner yet."""
        shard = self.dice.randrange(SHARDS)
        owners = self.owners(shard)
        if len(owners) > 1:
            self.wrong.append(f"shard {shard} has two owners")
        begin = time.monotonic()
        for owner in owners[:1]:
            owner.kill()
            self.daemons[shard].remove(owner)
            self.case.processes.remove(owner)
            self.daemons[shard].append(self.start(shard))
        if self.dice.random() < 0.7:
            self.await_owner(shard, begin)

    def restart_database(self):
        self.database.restart(self.dice.choice(["fast", "immediate"]))
        self.verify()

    def verify(self):
        ended = subprocess.run([BIN / "atlas-key-auditor", "journal", "verify", "--config",
                                self.config], capture_output=True, text=True, check=False)
        if ended.returncode or ended.stdout.count("verified;") != SHARDS:
            self.wrong.append(f"journal verify: {ended.stdout}{ended.stderr}")

    # What is held against it.

    def judge_gaps(self, begin, end):
        """The longest time in which the service was not asked for a key."""
        asked = collections.defaultdict(list)
        for moment, fraction, key in ASKED.findall(self.sim.stdout + self.sim.stderr):
            asked[key].append(calendar.timegm(time.strptime(moment, "%Y-%m-%d %H:%M:%S"))
                              + float(fraction))
        longest = 0
        for key in self.all_keys:
            moments = [begin, *(one for one in sorted(asked[key]) if begin < one < end), end]
            gap = max(after - before for before, after in zip(moments, moments[1:]))
            if gap > options.interval + TAKEOVER:
                self.wrong.append(f"{key} was not asked for over {gap:.1f} s")
            longest = max(longest, gap)
        return longest

    def judge_alerts(self):
        by_key = {history.key: history for history in self.histories}
        for labels, start in self.told.begun:
            alert = dict(labels)
            if alert["alertname"] == "AtlasAuditorJournalFailing":
                continue
            history = by_key.get(alert.get("key_id"))
            if history is None or not history.could_cause(
                    alert["alertname"], seconds(start) - 6, seconds(start)):
                self.wrong.append(f"a false alarm at {start}: {alert}")
        for (labels, start), ends in self.told.ended.items():
            alert = dict(labels)
            history = by_key.get(alert.get("key_id"))
            if history and not all(history.could_prove(
                    alert["alertname"], seconds(start), seconds(end)) for end in ends):
                self.wrong.append(f"resolved without proof: {alert}")

    def is_over(self):
        self.follow_to_the_end()
        return not any("key_id" in dict(labels) for labels in self.told.firing)

    def follow_to_the_end(self):
        with self.hook.lock:
            new, self.hook.taken = self.hook.taken, []
        for _, body in new:
            self.told.take(body)
        self.case.collected.clear()


with bench.stage() as case:
    run = Run(case)
    for shard in range(SHARDS):
        harness.wait_for("an owner", lambda: run.owners(shard), 60)
    run.wait(options.interval + 5)  # every key was asked for once
    begin = time.time()
    events = [run.kill] * options.kills + [run.restart_database] * options.restarts
    run.dice.shuffle(events)
    for event in events:
        run.wait(run.dice.uniform(0.2, 6))
        event()
    for shard in range(SHARDS):
        run.await_owner(shard, time.monotonic())
    run.wait(options.interval + 5)
    end = time.time()
    for history in run.histories:
        if history.now.content != "fine":
            run.become(history, "fine")
    try:
        harness.wait_for("all to be resolved", run.is_over, 2 * (options.interval + TAKEOVER))
    except AssertionError:
        run.wrong.append(f"still believed at the end: {list(run.told.firing)[:5]}")
    run.verify()
    longest = run.judge_gaps(begin, end)
    run.judge_alerts()

bench.verdict(
    "fleet", f"seed {options.seed}: {options.keys} keys at {options.interval} s in {SHARDS} shards, "
    f"{options.kills} kills, {options.restarts} restarts of PostgreSQL in {end - begin:.0f} s; the "
    f"longest time that a key was not asked for {longest:.1f} s; taken over after "
    f"{max(run.taken_over):.1f} s at most; {run.changes} changes, {len(run.told.begun)} alerts, "
    f"{len(run.told.ended)} resolved",
    (f"{len(run.wrong)} wrong:\n  " + "\n  ".join(run.wrong[:20]) + "\n", not run.wrong))
