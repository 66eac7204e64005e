"""From the start of the process until it says that it is ready, with 100,000 keys and an empty
store, against YAML::LoadFile of the same file."""
import subprocess
import time

import suite
from suite import Row, harness

KEYS, ORGANIZATIONS, ROUNDS = 100_000, 200, 5


def rows(options):
    load_yaml = suite.compiled("load_yaml.cpp", "-lyaml-cpp")
    with suite.bench.stage() as case:
        world = suite.world(case, KEYS, "--organizations", ORGANIZATIONS, "--config-interval", "333s")

        def us():
            port = harness.free_port()
            start = time.monotonic()
            daemon = harness.Process([suite.AUDITOR, "run", "--config", world.config, "--listen",
                                      f"127.0.0.1:{port}"])
            while not ready(port):
                time.sleep(0.002)
            took = time.monotonic() - start
            daemon.stop()
            for file in case.directory.glob("*.db*"):
                file.unlink()
            return took

        def yaml_cpp():
            output = subprocess.run([load_yaml, world.config], check=True, capture_output=True)
            return float(output.stdout.split()[0])

        times = suite.in_turn(ROUNDS, us=us, yaml=yaml_cpp)
    ours, theirs = suite.median(times["us"]), suite.median(times["yaml"])
    yield Row("start to ready, 100,000 keys; against yaml-cpp's `LoadFile` of the file",
              suite.milliseconds(ours), suite.milliseconds(theirs), ours / theirs, 1.2)


def ready(port):
    try:
        return harness.request(f"http://127.0.0.1:{port}/-/ready").status == 200
    except OSError:
        return False
