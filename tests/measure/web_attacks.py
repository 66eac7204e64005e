#!/usr/bin/env python3
"""Scrapes over TLS with a password while others mean harm, one after the other and in full: 200 slow
connections for a minute, a gigabyte of headers, a hundred megabytes of body, 10,000 pipelined
requests, more than 1,000 wrong passwords a second, certificates swapped. The attackers are processes
of their own. Each line tells how long scrapes took meanwhile and what the daemon's memory came to."""
import contextlib
import multiprocessing
import os
import signal
import socket
import ssl
import statistics
import sys
import time

import bench
import harness
import servers
from harness import reader_key, watched

SCALE = float(sys.argv[1]) if len(sys.argv) > 1 else 1
PASSWORD = "correct horse"
HASH = "$2y$10$N9qo8uLOickgx2ZMRZoMye7hLCKuEIm4BcKHuoCJsBy/5Q0NErxWS"
RIGHT = {"Authorization": "Basic " + servers.basic("scraper", PASSWORD)}
SLOWEST = 1  # seconds
GROWTH = 16 << 20  # 200 connections with TLS need 10 MB


def connect(address):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(socket.create_connection(address, timeout=20))


def hold_slow(address, seconds, told):
    """Every other one says nothing at all, the rest a byte a second. Who is cut comes again."""
    words = b"GET /metrics HTTP/1.1\r\nX-Slow: " + b"x" * 1000
    clients, begin, again = {}, time.monotonic(), 0
    while time.monotonic() < begin + seconds:
        for number in range(200):
            try:
                if number not in clients:
                    again += 1
                    clients[number] = [socket.create_connection(address, timeout=5)
                                       if number % 2 else connect(address), 0]
                client, said = clients[number]
                if number % 2:
                    client.setblocking(False)
                    with contextlib.suppress(BlockingIOError):
                        if client.recv(1) == b"":
                            raise OSError
                else:
                    client.sendall(words[said:said + 1])
                    clients[number][1] += 1
            except OSError:
                if number in clients:
                    clients.pop(number)[0].close()
        time.sleep(max(0, 1 - (time.monotonic() - begin) % 1))
    told.put({"held": 200, "opened": again})


def pour(address, head, block, size, told):
    """`size` bytes over as many connections as it takes; each is cut long before it has said all."""
    sent = connections = 0
    answers = {}
    while sent < size:
        with contextlib.suppress(OSError), connect(address) as client:
            connections += 1
            try:
                client.sendall(head)
                while sent < size:
                    client.sendall(block)
                    sent += len(block)
            except OSError:
                pass
            status = ""
            with contextlib.suppress(OSError):
                status = client.recv(100)[9:12].decode()
            answers[status or "cut"] = answers.get(status or "cut", 0) + 1
    told.put({"MB": sent >> 20, "connections": connections, **answers})


def headers(address, told):
    pour(address, b"GET /metrics HTTP/1.1\r\nHost: x\r\n", b"X-Endless: aaaaaaaaaaaaaaaaa\r\n" * 512,
         int(SCALE * (1 << 30)), told)


def body(address, told):
    pour(address, b"POST /-/reload HTTP/1.1\r\nHost: x\r\nContent-Length: 104857600\r\n\r\n",
         b"x" * 65536, int(SCALE * (100 << 20)), told)


def pipeline(address, told):
    """Nobody reads an answer until all are sent or the server has had enough."""
    login = servers.basic("scraper", PASSWORD)
    request = f"GET /api/v1/status HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {login}\r\n\r\n".encode()
    sent = 0
    with connect(address) as client, contextlib.suppress(OSError):
        for _ in range(100):
            client.sendall(request * 100)
            sent += 100
        while client.recv(65536):
            pass
    told.put({"sent": sent})


def guess(address, seconds, told):
    end, counts, number = time.monotonic() + seconds, {}, 0
    while time.monotonic() < end:
        with contextlib.suppress(OSError), connect(address) as client:
            for _ in range(9000):  # more a connection does not take
                number += 1
                login = servers.basic("scraper", f"guess {os.getpid()}.{number}")
                client.sendall(f"GET /metrics HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {login}"
                               "\r\n\r\n".encode())
                status = client.recv(65536)[9:12].decode() or "cut"
                counts[status] = counts.get(status, 0) + 1
                if status == "cut" or time.monotonic() > end:
                    break
    told.put({"a second": int(sum(counts.values()) / seconds), **counts})


with bench.stage() as case:
    case.secrets.add(PASSWORD)
    authority = servers.Authority(case.directory)
    pair = authority.issue("server")
    case.write("web.yml", {"tls_server_config": {"cert_file": pair[0].name, "key_file": pair[1].name},
                           "basic_auth_users": {"scraper": HASH}})
    sim = case.simulator(*[reader_key(number) for number in range(1, 51)])
    daemon = case.daemon(case.config(sim.url, [watched(number) for number in range(1, 51)],
                                     interval="5s", log={"level": "info"},
                                     web={"config_file": "web.yml", "lifecycle": True}))
    address = ("127.0.0.1", int(daemon.url.rsplit(":", 1)[1]))
    missed = []

    def scrape():
        begin = time.monotonic()
        answer = harness.request(daemon.url + "/metrics", headers=RIGHT)
        assert answer.status == 200, answer.status
        return time.monotonic() - begin

    for _ in range(50):
        scrape()
    before = daemon.rss()

    def under(name, attack, *arguments, processes=1, meanwhile=lambda: None):
        told = multiprocessing.Queue()
        attackers = [multiprocessing.Process(target=attack, args=(address, *arguments, told))
                     for _ in range(processes)]
        for attacker in attackers:
            attacker.start()
        times, sizes, failed, words = [], [], 0, []
        while len(words) < processes:
            try:
                times.append(scrape())
            except (OSError, AssertionError):
                failed += 1
            sizes.append(daemon.rss())
            meanwhile()
            time.sleep(0.1)
            while not told.empty():
                words.append(told.get())
        for attacker in attackers:
            attacker.join()
        total = {}
        for one in words:
            for key, value in one.items():
                total[key] = total.get(key, 0) + value
        print(f"  {name}: {total}; {len(times)} scrapes, median "
              f"{statistics.median(times) * 1000:.1f} ms, slowest {max(times) * 1000:.0f} ms, "
              f"{failed} failed; memory {(max(sizes) - before) / 1e6:+.1f} MB", flush=True)
        missed.extend(f"{name}: {what}" for what, bad in (
            ("a scrape took too long", max(times) > SLOWEST), ("a scrape failed", failed),
            ("memory grew", max(sizes) - before > GROWTH),
            ("it was let in", total.get("200"))) if bad)
        return total

    def idle(_, told):
        time.sleep(5)
        told.put({})

    under("nobody", idle)
    under("200 slow connections", hold_slow, 60 * SCALE)
    under("a gigabyte of headers", headers)
    under("a body of 100 MB", body)
    under("10,000 pipelined requests", pipeline, processes=2)
    guesses = under("wrong passwords", guess, 20 * SCALE, processes=2)
    if guesses["a second"] < 1000:
        missed.append("fewer than 1,000 wrong passwords a second")

    swaps = []

    def swap():
        new = authority.issue(f"server{len(swaps)}")
        for fresh, old in zip(new, pair):
            os.replace(fresh, old)
        swaps.append(new)

    def other_scrapes(address, seconds, told):
        end, good = time.monotonic() + seconds, 0
        while time.monotonic() < end:
            answer = harness.request(f"https://127.0.0.1:{address[1]}/metrics", headers=RIGHT)
            good += answer.status == 200
        told.put({"scrapes": good})

    under("certificates swapped", other_scrapes, 20 * SCALE, processes=2, meanwhile=swap)
    print(f"    {len(swaps)} certificates")
    case.collected.clear()
    daemon.signal(signal.SIGTERM)
    if daemon.wait(10) != 0:
        missed.append("it did not end well")

bench.verdict("attacks on the pages", "as above", *[(sentence, False) for sentence in missed])
