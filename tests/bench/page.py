"""/metrics at 10,000 keys with twelve series each, whole and over HTTP, against the same series in
prometheus-cpp's registry (made and thrown away, no network), in client_golang (promhttp, identity)
and as a file in memory that nginx sends."""
import re
import signal
import subprocess
import time

import suite
from suite import Row, harness

KEYS, INTERVAL = 10_000, 5


def drift(world):
    """A third of the keys, evenly: a key that drifts has 13 series and an alert, another one 11."""
    text = world.config.read_text()
    text = re.sub(r"(?m)^  (policy-\d+):\n.*\n    (roles: .*)\n",
                  r"\g<0>  \1-other:" + "\n" + r'    description: "none has this"' + "\n" + r"    \2" + "\n",
                  text)
    number = iter(range(KEYS))
    text = re.sub(r"(?m)(- \{id: .* policy: policy-\d+)",
                  lambda match: match[1] + ("-other" if next(number) % 3 == 0 else ""), text)
    world.config.write_text(text)


def settle(case, world, daemon):
    """Every key polled twice, so that the alerts fire, and then an hour of quiet."""
    harness.wait_for("two polls of each key", lambda: daemon.polls() >= 2 * KEYS, 120)
    world.config.write_text(world.config.read_text().replace(f"interval: {INTERVAL}s",
                                                             "interval: 1h"))
    daemon.signal(signal.SIGHUP)
    time.sleep(INTERVAL + 1)
    case.collected.clear()


def nginx(case, folder):
    """Sends the files of `folder`."""
    port = harness.free_port()
    case.write("nginx.conf", f"""daemon off;
pid {case.directory}/nginx.pid;
error_log stderr warn;
worker_processes 1;
events {{ worker_connections 512; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 100000;
  open_file_cache max=10;
  client_body_temp_path {case.directory}/body;
  proxy_temp_path {case.directory}/proxy;
  fastcgi_temp_path {case.directory}/fastcgi;
  uwsgi_temp_path {case.directory}/uwsgi;
  scgi_temp_path {case.directory}/scgi;
  server {{
    listen 127.0.0.1:{port};
    root {folder};
  }}
}}
""")
    case.keep(harness.Process([suite.servers.NGINX, "-p", case.directory, "-c",
                               case.directory / "nginx.conf"]))
    url = f"http://127.0.0.1:{port}"
    harness.wait_for("nginx", lambda: harness.request(url + "/page").status == 200)
    return url


class Registry:
    def __init__(self, program, page):
        self.process = subprocess.Popen([program, page], stdin=subprocess.PIPE, text=True,
                                        stdout=subprocess.PIPE)

    def seconds(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        seconds, self.size = self.process.stdout.readline().split()
        return float(seconds)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def rows(options):
    registry_program = suite.compiled("registry.cpp", "-lprometheus-cpp-core")
    promhttp_program = suite.compiled_go("promhttp")
    with suite.bench.stage() as case, suite.folder_in_memory() as memory:
        world = suite.world(case, KEYS, "--organizations", 20, "--config-interval", f"{INTERVAL}s")
        drift(world)
        daemon = case.keep(harness.Daemon(case, world.config))
        settle(case, world, daemon)
        text = harness.request(daemon.url + "/metrics").text
        (memory / "page").write_text(text)
        # What the daemon says of itself is no gauge of a key, and does not weigh.
        lines = [one for one in text.splitlines(True)
                 if re.match(r"(# \w+ )?atlas_(key|org|alert)_(?!auditor_)", one)]
        series = case.write("series", "".join(lines))
        each = sum(not one.startswith("#") for one in lines) / KEYS
        assert 11.9 < each < 12.1, each

        promhttp = case.keep(harness.Process([promhttp_program, series]))
        address = promhttp.search(r"listening on (\S+)", 60)[1]
        gzip = suite.Page(daemon.url, headers=["Accept-Encoding: gzip"])
        contestants = {"us": suite.Page(daemon.url), "nginx": suite.Page(nginx(case, memory), "/page"),
                       "promhttp": suite.Page(address), "registry": Registry(registry_program, series),
                       "zipped": gzip}
        seconds = {name: one.seconds for name, one in contestants.items()}
        seconds["gzip"] = lambda: suite.spend(["gzip", "-1", "-c", memory / "page"]).wall
        times = suite.in_turn(2, **seconds) and suite.in_turn(15, **seconds)
        size, small = contestants["us"].size, gzip.size
        for one in contestants.values():
            one.close()
    took = {name: suite.median(results) for name, results in times.items()}
    what = f"`/metrics`, 10,000 keys, {each:.1f} series each"
    for name, other, one, bar in (
            ("prometheus-cpp's registry, collect and serialize", "registry", "us", 0.10),
            ("client_golang by promhttp, identity", "promhttp", "us", 0.12),
            ("nginx, the same bytes from memory", "nginx", "us", 2.0),
            ("`gzip -1` of the same bytes", "gzip", "zipped", 1.2)):
        packed = f"; gzip, {suite.megabytes(small)}" if one == "zipped" else ""
        yield Row(f"{what}, {suite.megabytes(size)}{packed}; against {name}",
                  suite.milliseconds(took[one]), suite.milliseconds(took[other]),
                  took[one] / took[other], bar)
