"""What the tests of this folder share: the shipped files, and the tools that judge them."""

import pathlib
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
RULES = ROOT / "deploy/prometheus/rules.yml"
RULE_TESTS = ROOT / "deploy/prometheus/rules_test.yml"
ROUTES = ROOT / "deploy/alertmanager/alertmanager.yml"


def tool(name, *arguments, cwd=ROOT):
    """Runs promtool or amtool: (whether it is content, what it said)."""
    program = shutil.which(name)
    if program is None:
        raise AssertionError(f"{name} is not installed: run deploy/install-packages.sh test")
    done = subprocess.run([program, *map(str, arguments)], cwd=cwd, capture_output=True, text=True)
    return done.returncode == 0, done.stdout + done.stderr
