"""What the measurements share. They use the release build; AKA_BIN names another one."""
import contextlib
import os
import pathlib
import re
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
os.environ.setdefault("AKA_BIN", str(ROOT / "build/release/bin"))
sys.path.insert(0, str(ROOT / "tests/e2e"))

import harness  # noqa: E402


@contextlib.contextmanager
def stage():
    """Where programs run until the measurement is over; they must end well and leak no secret."""
    case = harness.TestCase()
    case.setUp()
    try:
        yield case
    finally:
        if not case.doCleanups():
            sys.exit("a program ended badly or a secret showed")


def generated(case, *arguments, name="auditor", log_level="warning", **changes):
    """A simulator that made up its keys, and the configuration to it; `changes` are texts to
    replace."""
    config = case.directory / f"{name}.yaml"
    sim = case.keep(harness.Simulator("--rate-limit", "1000000,1000000", "--write-config", config,
                                      *map(str, arguments), log_level=log_level))
    for secret in (case.directory / f"{name}.secrets").iterdir():
        case.secrets.add(secret.read_text().strip())
    text = config.read_text()
    text = re.sub(r"(schedule: \{interval: \w+)", r"\1, jitter: 0%", text)
    for old, new in changes.items():
        assert f"\n{old}:" in text, old
        text = re.sub(rf"(?m)^{old}:", new, text)
    config.write_text(text)
    return sim, config


def run_for(seconds, each=lambda: None, pause=5):
    """A measurement's length is what it is; `each` is called meanwhile."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        each()
        time.sleep(max(0, min(pause, end - time.monotonic())))


def outcomes(metrics):
    """Polls by the state they came to, those above zero."""
    counts = {}
    for sample in metrics.all("atlas_key_auditor_polls_total"):
        if sample.value:
            counts[sample["outcome"]] = counts.get(sample["outcome"], 0) + int(sample.value)
    return counts


def verdict(name, figures, *bars):
    """Prints the line and ends; each bar is (sentence, held)."""
    missed = [sentence for sentence, held in bars if not held]
    print(f"{name}: {figures}" + (f"; MISSED: {', '.join(missed)}" if missed else ""), flush=True)
    sys.exit(1 if missed else 0)
