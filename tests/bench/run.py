#!/usr/bin/env python3
"""Installs what is needed, builds the release, runs every benchmark beside its peer and writes the
table to docs/performance.md. `run.py --only poll_cpu page` runs those rows and only prints them;
`run.py --long` gives the rows that watch the clock their full time. Ends with 1 if a bar is missed."""
import argparse
import datetime
import importlib
import os
import pathlib
import platform
import re
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BUILT = ROOT / "build/bench"
DOCUMENT = ROOT / "docs/performance.md"
ROWS = ["requests_per_poll", "poll_cpu", "poll_rate", "page", "scale", "start", "steady"]
TITLES = ["what", "ours", "beside it", "figure", "bar", "held"]


def run(*command, **options):
    subprocess.run([str(word) for word in command], check=True, cwd=ROOT, **options)


def prepare():
    run("deploy/install-packages.sh", "bench")
    run("cmake", "--preset", "release", stdout=subprocess.DEVNULL)
    run("cmake", "--build", "--preset", "release", stdout=subprocess.DEVNULL)
    BUILT.mkdir(exist_ok=True)
    if not (BUILT / "node_modules/mongodb-atlas-api-client").exists():
        run("npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", BUILT,
            "mongodb-atlas-api-client@4.19.0")


def machine():
    text = pathlib.Path("/proc/cpuinfo").read_text()
    model = re.search(r"model name\s*: (.*)", text)
    memory = int(re.search(r"MemTotal:\s+(\d+)", pathlib.Path("/proc/meminfo").read_text())[1])
    return (f"{platform.node()}, {os.cpu_count()} cores of {model[1] if model else platform.machine()}, "
            f"{memory / 1e6:.0f} GB, Linux {platform.release()}")


def line(cells):
    return "| " + " | ".join(cells) + " |"


def write_document(lines, options):
    """Puts the table between the marks; the words around it are written by hand."""
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, text=True,
                            capture_output=True).stdout.strip()
    how = "tests/bench/run.py" + (" --long" if options.long else "")
    begin, end = "<!-- written by tests/bench/run.py -->\n", "<!-- end -->\n"
    table = [f"On {machine()}; {datetime.date.today()}, commit {commit}, `{how}`.", "",
             line(TITLES), line(["---"] * len(TITLES)), *lines]
    text = DOCUMENT.read_text()
    before, after = text.split(begin)[0], text.split(end)[1]
    DOCUMENT.write_text(before + begin + "\n".join(table) + "\n" + end + after)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--keep-document", action="store_true")
    parser.add_argument("--only", nargs="+", metavar="ROW", choices=ROWS)
    options = parser.parse_args()
    prepare()
    start = time.monotonic()
    lines, missed = [], 0
    for name in options.only or ROWS:
        for row in importlib.import_module(name).rows(options):
            missed += not row.held
            lines.append(line(row.cells()))
            print(f"[{time.monotonic() - start:4.0f} s] {lines[-1]}", flush=True)
    if not options.only and not options.keep_document:
        write_document(lines, options)
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
