"""What the programs talk to when it is not the simulator: certificates, nginx, lighttpd, a proxy, a
listener that misbehaves by script, and a tap that reads along."""
import base64
import contextlib
import hashlib
import http.server
import json
import re
import select
import shutil
import socket
import socketserver
import ssl
import subprocess
import threading
import urllib.parse

import harness

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin")
ALERTMANAGER = shutil.which("prometheus-alertmanager")
PROMETHEUS = shutil.which("prometheus")
LIGHTTPD = shutil.which("lighttpd", path="/usr/sbin:/usr/bin:/usr/local/sbin")
REALM = "MMS Public API"


class Authority:
    """A certificate authority in a directory; its own certificate is `ca`."""

    def __init__(self, directory, name="ca"):
        self.directory = directory
        self.key = directory / f"{name}.key"
        self.ca = directory / f"{name}.pem"
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                      "-nodes", "-keyout", self.key, "-out", self.ca, "-days", "30",
                      "-subj", f"/CN=Test {name}")

    @staticmethod
    def _openssl(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)

    def issue(self, name, san="IP:127.0.0.1,DNS:localhost", days=30):
        """(certificate, key) for a server; with 0 days one that has expired."""
        key, csr = self.directory / f"{name}.key", self.directory / f"{name}.csr"
        certificate, extensions = self.directory / f"{name}.pem", self.directory / f"{name}.ext"
        self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                      "-keyout", key, "-out", csr, "-subj", f"/CN={name}")
        extensions.write_text(f"subjectAltName={san}\n")
        self._openssl("x509", "-req", "-in", csr, "-CA", self.ca, "-CAkey", self.key,
                      "-CAcreateserial", "-days", days, "-extfile", extensions, "-out", certificate)
        return certificate, key


def nginx(test, upstream, certificate, key, keepalive="75s"):
    """TLS in front of `upstream`; gives the https address."""
    port = harness.free_port()
    directory = test.directory / f"nginx-{port}"
    directory.mkdir()
    conf = directory / "nginx.conf"
    conf.write_text(f"""daemon off;
pid {directory}/pid;
error_log stderr warn;
worker_processes 1;
events {{ worker_connections 512; }}
http {{
  access_log off;
  client_body_temp_path {directory}/body;
  proxy_temp_path {directory}/proxy;
  fastcgi_temp_path {directory}/fastcgi;
  uwsgi_temp_path {directory}/uwsgi;
  scgi_temp_path {directory}/scgi;
  upstream simulator {{ server {upstream.removeprefix("http://")}; keepalive 16; }}
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {certificate};
    ssl_certificate_key {key};
    keepalive_timeout {keepalive};
    keepalive_requests 100000;
    location / {{
      proxy_pass http://simulator;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
    }}
  }}
}}
""")
    test.keep(harness.Process([NGINX, "-p", directory, "-c", conf]))
    harness.wait_for("nginx", lambda: socket.create_connection(("127.0.0.1", port), 1).close()
                     or True)
    return f"https://127.0.0.1:{port}"


def lighttpd(test, algorithm, keys):
    """Serves `keys` (id -> object) below v1.0 to who logs in as auditkey; gives the address."""
    port = harness.free_port()
    directory = test.directory / f"lighttpd-{port}"
    folder = directory / f"root/api/atlas/v1.0/orgs/{harness.ORG}/apiKeys"
    folder.mkdir(parents=True)
    for key, content in keys.items():
        (folder / key).write_text(json.dumps(content))
    digest = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}[algorithm]
    user = f"auditkey:{REALM}:{harness.PRIVATE_KEY}"
    hashed = digest(user.encode()).hexdigest()
    (directory / "users").write_text(f"auditkey:{REALM}:{hashed}\n")
    conf = directory / "lighttpd.conf"
    conf.write_text(f"""server.modules = ("mod_auth", "mod_authn_file", "mod_accesslog")
server.document-root = "{directory}/root"
server.bind = "127.0.0.1"
server.port = {port}
accesslog.filename = "{directory}/access.log"
auth.backend = "htdigest"
auth.backend.htdigest.userfile = "{directory}/users"
auth.require = ("/api" => ("method" => "digest", "algorithm" => "{algorithm}",
  "realm" => "{REALM}", "require" => "valid-user"))
""")
    test.keep(harness.Process([LIGHTTPD, "-D", "-f", conf]))
    harness.wait_for("lighttpd", lambda: socket.create_connection(("127.0.0.1", port), 1).close()
                     or True)
    return f"http://127.0.0.1:{port}"


def read_head(connection):
    """The request's head, or what came of it; empty when the peer said nothing and left."""
    head = b""
    while b"\r\n\r\n" not in head:
        block = connection.recv(65536)
        if not block:
            break
        head += block
    return head


class Listener:
    """Calls serve(connection, number) on a thread for each connection; ends with the test."""

    def __init__(self, test, serve, context=None):
        self.serve = serve
        self.connections = 0
        self.open = set()
        self.lock = threading.Lock()
        listener = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self):
                with listener.lock:
                    listener.connections += 1
                    number = listener.connections
                    listener.open.add(self.request)
                connection = self.request
                with contextlib.suppress(OSError, ssl.SSLError):
                    if context:
                        connection = context.wrap_socket(self.request, server_side=True)
                        with listener.lock:
                            listener.open.add(connection)
                    listener.serve(connection, number)
                with contextlib.suppress(OSError):
                    connection.close()

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True
            block_on_close = False
            request_queue_size = 128

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.url = f"{'https' if context else 'http'}://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        test.addCleanup(self.stop)

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        with self.lock:
            for connection in self.open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)


def relay(one, other, heard=None):
    """Carries bytes both ways until one side ends; heard(bytes) is told of each block."""
    peers = {one: other, other: one}
    while True:
        readable, _, _ = select.select(list(peers), [], [], 60)
        if not readable:
            return
        for source in readable:
            block = source.recv(65536)
            if not block:
                return
            if heard:
                heard(block)
            peers[source].sendall(block)


class ConnectProxy(Listener):
    """An HTTP proxy that carries CONNECT and leads every name to `upstream`."""

    def __init__(self, test, upstream):
        self.heads = []
        host, port = upstream.split("//")[1].split(":")
        self.upstream = (host, int(port))
        super().__init__(test, self._carry)

    def _carry(self, connection, _):
        head = read_head(connection)
        self.heads.append(head.decode("latin-1"))
        if not head.startswith(b"CONNECT "):
            connection.sendall(b"HTTP/1.1 405 Not Allowed\r\nContent-Length: 0\r\n\r\n")
            return
        with socket.create_connection(self.upstream) as beyond:
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            relay(connection, beyond)


class Wiretap(Listener):
    """Stands before a plain server and adds to the test's secrets what crosses the wire as one:
    Authorization values, digest responses, tokens."""

    def __init__(self, test, upstream):
        self.test = test
        self.requests = []
        host, port = upstream.split("//")[1].split(":")
        self.upstream = (host, int(port))
        super().__init__(test, self._carry)
        # What is encrypted passes through unread.
        self.url = self.url.replace("http:", upstream.split("//")[0])

    def _carry(self, connection, _):
        with socket.create_connection(self.upstream) as beyond:
            relay(connection, beyond, self._hear)

    def _hear(self, block):
        text = block.decode("latin-1")
        for value in re.findall(r"(?im)^authorization: *(.+?)\r$", text):
            self.test.secrets.add(value)
            self.test.secrets.update(re.findall(r'response="?(\w+)', value))
            self.test.secrets.update(re.findall(r"^(?:Bearer|Basic) +(\S+)", value))
        self.test.secrets.update(re.findall(r'"access_token" *: *"([^"]+)"', text))
        if match := re.match(r"(GET|POST) (\S+) HTTP", text):
            self.requests.append(text)


def basic(user, password):
    return base64.b64encode(f"{user}:{password}".encode()).decode()


class Recorder:
    """A webhook that keeps what it took. It refuses everything while `down`, and otherwise what
    `refuses()` says."""

    def __init__(self, test, refuses=lambda: False):
        self.taken, self.down, self.lock = [], False, threading.Lock()
        recorder = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with recorder.lock:
                    refused = recorder.down or refuses()
                    if not refused:
                        recorder.taken.append((dict(self.headers), body))
                self.send_response(503 if refused else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        test.addCleanup(self.server.server_close)
        test.addCleanup(self.server.shutdown)

    def alerts(self):
        """(alertname, status, kind, startsAt) in the order taken."""
        with self.lock:
            return [(alert["labels"]["alertname"], document["status"],
                     alert["labels"].get("kind"), alert["startsAt"])
                    for document in (json.loads(body) for _, body in self.taken)
                    for alert in document["alerts"]]

    def names(self, status):
        return [(name, kind) for name, state, kind, _ in self.alerts() if state == status]


class Alertmanager:
    """Debian's, on a port that stays over restarts. It tells `hook`, if there is one, of each alert
    at once."""

    def __init__(self, test, hook=None):
        self.test, self.process = test, None
        self.directory = test.directory / f"alertmanager-{harness.free_port()}"
        self.address = f"127.0.0.1:{harness.free_port()}"
        self.url = f"http://{self.address}"
        webhooks = [{"url": hook, "send_resolved": True}] if hook else []
        self.config = test.write(f"{self.directory.name}.yml", {
            "route": {"receiver": "all", "group_by": ["..."] if hook else ["org_id"],
                      "group_wait": "0s", "group_interval": "1s"},
            "receivers": [{"name": "all", "webhook_configs": webhooks}]})
        self.start()

    def start(self):
        self.process = self.test.keep(harness.Process(
            [ALERTMANAGER, "--cluster.listen-address=", f"--config.file={self.config}",
             f"--storage.path={self.directory}", f"--web.listen-address={self.address}"]))
        harness.wait_for("Alertmanager", lambda: self.get("/-/ready").status == 200, 30)

    def stop(self):
        """What it told its receivers is kept, not its alerts."""
        self.process.stop()

    def kill(self):
        """Nothing is kept."""
        self.process.kill()
        shutil.rmtree(self.directory)

    def get(self, path):
        return harness.request(self.url + path, timeout=30)

    def active(self):
        return self.get("/api/v2/alerts?active=true").json()

    def metrics(self):
        return harness.Metrics(self.get("/metrics").text)


class Prometheus:
    """Debian's, which scrapes one target every second and evaluates the rules that are shipped.
    `jobs` are more ways to scrape it, by name: what a scrape configuration has beside the target."""

    def __init__(self, test, target, jobs=None):
        address = f"127.0.0.1:{harness.free_port()}"
        self.url = f"http://{address}"
        config = test.write("prometheus.yml", {
            "global": {"scrape_interval": "1s"},
            "scrape_configs": [{"job_name": name, "static_configs": [{"targets": [target]}], **job}
                               for name, job in (jobs or {"atlas-key-auditor": {}}).items()],
            "rule_files": [str(harness.SOURCE / "deploy/prometheus/rules.yml")]})
        test.keep(harness.Process([
            PROMETHEUS, f"--config.file={config}", f"--web.listen-address={address}",
            f"--storage.tsdb.path={test.directory / 'prometheus'}"]))
        harness.wait_for("Prometheus", lambda: harness.request(self.url + "/-/ready").status == 200,
                         30)

    def query(self, expression, path="query", **arguments):
        query = urllib.parse.urlencode({"query": expression, **arguments})
        answer = harness.request(f"{self.url}/api/v1/{path}?{query}", timeout=30).json()
        assert answer["status"] == "success", answer
        return answer["data"]["result"]
