"""The clients: wrk for nearly everything that flows, sockets for connections that idle, and a check of each proxy."""

from __future__ import annotations

import gzip
import http.client
import json
import os
import socket
import ssl
import subprocess
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

from rig.machine import RigError
from rig.proxies import HOST, WEIGHT, Bench, Proxy

# A browser's request without a canary header or cookie: a proxy tries every rule, and the weight decides.
FIELDS = {
    "Host": HOST,
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Accept": "text/html,application/xhtml+xml,*/*;q=0.8",
    "Accept-Language": "en-GB,en;q=0.5",
    "Accept-Encoding": "gzip, deflate",
    "Cookie": "session=4f2a9c7d1e8b4f2a; theme=dark",
}

FORWARDED_FIELDS = ["X-Request-ID", "X-Real-IP", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Port",
                    "X-Forwarded-Proto"]


@dataclass(frozen=True)
class Load:
    path: str = "/"
    connections: int = 64
    post_bytes: int = 0
    new_connection_per_request: bool = False
    secure: bool = False
    resumed: bool = False  # TLS sessions, where each request has a new connection
    compressed: bool = False


@dataclass(frozen=True)
class Result:
    requests: int
    seconds: float
    bytes: int
    p50: int  # µs
    p99: int  # µs
    errors: dict[str, int]


def offer(bench: Bench, proxy: Proxy, load: Load, seconds: float) -> Result:
    duration = max(1, round(seconds))  # wrk knows whole seconds only
    name, command = ("resume", _resume(bench, proxy, load, duration)) if load.resumed else ("wrk", _wrk(bench, proxy, load, duration))
    done = subprocess.run(command, capture_output=True, text=True, timeout=duration + 30,
                          env={**os.environ, "BENCH_POST_BYTES": str(load.post_bytes)})
    lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    if done.returncode != 0 or not lines:
        raise RigError(f"{name} against {proxy.name} failed: {(done.stderr or done.stdout).strip()}")
    result = Result(**json.loads(lines[0].removeprefix("RESULT ")))
    if result.requests == 0 or result.errors["status"] > 0:
        raise RigError(f"{name} against {proxy.name}: {result.requests} answers, errors {result.errors}")
    return result


def _wrk(bench: Bench, proxy: Proxy, load: Load, duration: int) -> list[str]:
    command = ["taskset", "-c", str(bench.load_core), "wrk", "--latency", "-t1", f"-c{load.connections}",
               f"-d{duration}s", "--timeout", "10s", "-s", str(Path(__file__).parents[1] / "Load" / "wrk.lua")]
    for name, value in FIELDS.items():
        command += ["-H", f"{name}: {value}"]
    if load.new_connection_per_request:
        command += ["-H", "Connection: close"]
    command.append(f"https://127.0.0.1:{proxy.secure_port}{load.path}" if load.secure
                   else f"http://127.0.0.1:{proxy.port}{load.path}")
    return command


def _resume(bench: Bench, proxy: Proxy, load: Load, duration: int) -> list[str]:
    return ["taskset", "-c", str(bench.load_core), str(bench.build / "resume"), str(proxy.secure_port), str(load.connections), str(duration),
            _head(load.path, {**FIELDS, "Connection": "close"})]


def _head(path: str, fields: dict[str, str]) -> str:
    return f"GET {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields.items()) + "\r\n"


@contextmanager
def background_load(bench: Bench, proxy: Proxy, load: Load, seconds: float) -> Iterator[None]:
    """Load for up to `seconds` while the body measures something in its steady state."""
    failure: list[Exception] = []

    def run() -> None:
        try:
            offer(bench, proxy, load, seconds)
        except Exception as error:  # handed to the caller's thread
            failure.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        thread.join()
    if failure:
        raise failure[0]


def open_idle_connections(proxy: Proxy, count: int, secure: bool) -> list[socket.socket]:
    """`count` connections that have each made one request and stay open."""
    request = _head("/", FIELDS).encode()
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    connections = []
    for _ in range(count):
        connection = socket.create_connection(("127.0.0.1", proxy.secure_port if secure else proxy.port), timeout=10)
        if secure:
            connection = context.wrap_socket(connection, server_hostname=HOST)
        connections.append(connection)
        connection.sendall(request)
        answer = b""
        while b"\r\n\r\n" not in answer or len(answer.split(b"\r\n\r\n", 1)[1]) < 100:
            piece = connection.recv(4096)
            if not piece:
                raise RigError(f"{proxy.name} closed a connection that should idle (number {len(connections)})")
            answer += piece
        if not answer.startswith(b"HTTP/1.1 200 "):
            raise RigError(f"{proxy.name} answered {answer[:60]!r}")
    return connections


def check(proxy: Proxy) -> None:
    """That the proxy does the work it is measured for: rules, fields, bodies both ways. Raises what it does wrong."""
    connection = http.client.HTTPConnection("127.0.0.1", proxy.port, timeout=10)

    def ask(path: str = "/", body: bytes | None = None, **fields: str) -> tuple[str, bytes]:
        connection.request("POST" if body is not None else "GET", path, body, {**FIELDS, **fields})
        answer = connection.getresponse()
        data = answer.read()
        if answer.status != 200:
            raise RigError(f"{proxy.name}: {path} answers {answer.status}")
        return answer.headers["X-Version"], data

    def expect(what: str, holds: bool) -> None:
        if not holds:
            raise RigError(f"{proxy.name}: {what} is wrong")

    expect("a 1 MiB answer", len(ask("/bytes/1048576")[1]) == 1 << 20)
    expect("a 64 KiB POST", len(ask("/", b"x" * 65536)[1]) == 100)
    if proxy.speaks_http:
        expect("the header rule", all(ask(foo="bar")[0] == "new" for _ in range(20)))
        expect("the cookie rule `always`", all(ask(Cookie="foo=always")[0] == "new" for _ in range(20)))
        expect("the cookie rule `never`", all(ask(Cookie="foo=never")[0] == "old" for _ in range(20)))
        share = sum(ask()[0] == "new" for _ in range(1000)) / 10
        expect(f"the weight ({share:.0f} % instead of {WEIGHT} %)", abs(share - WEIGHT) < 8)
        seen = ask("/head")[1].decode().lower()
        for name in FORWARDED_FIELDS:
            expect(f"the field {name}", f"\r\n{name.lower()}: " in seen)
        expect("the field Host", f"\r\nhost: {HOST}\r\n" in seen)
    if proxy.compresses:
        compressed = ask("/json/65536")[1]
        expect("a compressed answer", len(compressed) < 32768 and len(gzip.decompress(compressed)) == 65536)
    connection.close()
