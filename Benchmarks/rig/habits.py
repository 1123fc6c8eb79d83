"""Clients with habits, good and bad, for the soak: each does one thing over and over and says what went otherwise than it must."""

from __future__ import annotations

import hashlib
import http.client
import random
import socket
import struct
import threading
import time
from collections import Counter
from typing import Callable

HOST = "soak.test"


class Unexpected(Exception):
    """What a proxy must not answer."""


class Habit(threading.Thread):
    """Does `act` again and again, with a pause between, while the gate is open."""

    def __init__(self, name: str, act: Callable[[random.Random], str], port: int, gate: "Gate", pause: float):
        super().__init__(name=name, daemon=True)
        self._act, self._port, self._gate, self._pause = act, port, gate, pause
        self._random = random.Random(name)
        self.outcomes: Counter[str] = Counter()
        self.complaints: list[str] = []

    def run(self) -> None:
        while self._gate.enter():
            try:
                self.outcomes[self._act(self._random)] += 1
            except Unexpected as problem:
                self._complain(str(problem))
            except (OSError, http.client.HTTPException) as problem:
                self._complain(f"{type(problem).__name__}: {problem}")
            finally:
                self._gate.leave()
            time.sleep(self._pause)

    def _complain(self, text: str) -> None:
        self.outcomes["unexpected"] += 1
        if len(self.complaints) < 20:
            self.complaints.append(f"{time.strftime('%H:%M:%S')} {text}")


class Gate:
    """Lets the habits through; closes for a while, so that the proxy can be looked at in peace, and at the end for good."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._open, self._ended, self._inside = True, False, 0

    def enter(self) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._open or self._ended)
            self._inside += not self._ended
            return not self._ended

    def leave(self) -> None:
        with self._changed:
            self._inside -= 1
            self._changed.notify_all()

    def close(self, seconds: float) -> bool:
        """False if somebody is still inside after `seconds`."""
        with self._changed:
            self._open = False
            return self._changed.wait_for(lambda: self._inside == 0, seconds)

    def open(self) -> None:
        with self._changed:
            self._open = True
            self._changed.notify_all()

    def end(self) -> None:
        with self._changed:
            self._ended = True
            self._changed.notify_all()


def habits(port: int, gate: Gate) -> list[Habit]:
    def habit(name: str, act: Callable[[int, random.Random], str], pause: float) -> Habit:
        return Habit(name, lambda chance: act(port, chance), port, gate, pause)

    return [
        habit("keep-alive", keep_alive, 0.02), habit("close", close, 0.01), habit("chunked", chunked, 0.05),
        habit("slow writer", slow_writer, 0.05), habit("slow reader", slow_reader, 0.05), habit("aborted", aborted, 0.02),
        habit("malformed", malformed, 0.02), habit("pipelined", pipelined, 0.05), habit("flapping upstream", flapping, 0.02),
    ]


# What they do. Each answers a word for the count, or raises.

def keep_alive(port: int, chance: random.Random) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        for _ in range(chance.randrange(1, 60)):
            _get(connection, "/", 100)
    finally:
        connection.close()
    return "ok"


def close(port: int, chance: random.Random) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        _get(connection, f"/bytes/{chance.randrange(1, 50_000)}", None, {"Connection": "close"})
    finally:
        connection.close()
    return "ok"


def chunked(port: int, chance: random.Random) -> str:
    """A body in chunks of any size comes back whole."""
    body = chance.randbytes(chance.randrange(1, 200_000))
    pieces, start = [], 0
    while start < len(body):
        end = start + chance.randrange(1, 40_000)
        pieces.append(body[start:end])
        start = end
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("POST", "/echo", iter(pieces), {"Host": HOST}, encode_chunked=True)
        answer = connection.getresponse()
        text = answer.read()
    finally:
        connection.close()
    if answer.status != 200 or text != body:
        raise Unexpected(f"chunked: {answer.status}, {hashlib.sha256(text).hexdigest()[:8]} instead of {hashlib.sha256(body).hexdigest()[:8]}")
    return "ok"


def slow_writer(port: int, chance: random.Random) -> str:
    with _connect(port) as client:
        for byte in b"GET / HTTP/1.1\r\nHost: soak.test\r\nConnection: close\r\n\r\n":
            client.sendall(bytes([byte]))
            time.sleep(chance.random() * 0.01)
        _require(_read_all(client), b"200")
    return "ok"


def slow_reader(port: int, chance: random.Random) -> str:
    size = chance.randrange(100_000, 4_000_000)
    with _connect(port, receive_buffer=4096) as client:
        client.sendall(f"GET /bytes/{size} HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode())
        count, began = 0, time.monotonic()
        while data := client.recv(65536):
            count += len(data)
            if time.monotonic() - began < 2:
                time.sleep(0.01)
    if count < size:
        raise Unexpected(f"slow reader: {count} bytes of {size}")
    return "ok"


def pipelined(port: int, chance: random.Random) -> str:
    count = chance.randrange(2, 40)
    request = f"GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()
    last = f"GET / HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n".encode()
    with _connect(port) as client:
        client.sendall(request * (count - 1) + last)
        answers = _read_all(client).count(b"HTTP/1.1 200 ")
    if answers != count:
        raise Unexpected(f"pipelined: {answers} answers to {count} requests")
    return "ok"


def aborted(port: int, chance: random.Random) -> str:
    """Goes away with a reset in the middle of something; nobody is left to be answered."""
    where = chance.choice(["head", "body", "answer", "at once"])
    with _connect(port) as client:
        if where == "head":
            client.sendall(b"GET / HTTP/1.1\r\nHost: soak.te")
        elif where == "body":
            client.sendall(f"POST /echo HTTP/1.1\r\nHost: {HOST}\r\nContent-Length: 100000\r\n\r\n".encode() + bytes(chance.randrange(1, 60_000)))
        elif where == "answer":
            client.sendall(f"GET /bytes/5000000 HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode())
            client.recv(chance.randrange(1, 60_000))
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return where


MALFORMED: list[tuple[bytes, bytes]] = [
    (b"GET / HTTP/1.1\r\n\r\n", b"400"), (b"GET /\r\n\r\n", b"400"), (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", b"505"),
    (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", b"400"), (b"GET / HTTP/1.1\r\nHost : soak.test\r\n\r\n", b"400"),
    (b"POST / HTTP/1.1\r\nHost: soak.test\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"400"),
    (b"POST / HTTP/1.1\r\nHost: soak.test\r\nContent-Length: +1\r\n\r\na", b"400"),
    (b"POST /echo HTTP/1.1\r\nHost: soak.test\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"400"),
    (b"GET /%2e%2e/%00 HTTP/1.1\r\nHost: soak.test\r\nConnection: close\r\n\r\n", b"400"), (b"GET / HTTP/1.1\r\nHost: soak.test\r\n" + b"a: b\r\n" * 2000 + b"\r\n", b"431"),
    (b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: soak.test\r\n\r\n", b"414"), (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"400"),
]


def malformed(port: int, chance: random.Random) -> str:
    """Is told what is wrong, and the connection ends."""
    request, status = chance.choice(MALFORMED)
    with _connect(port) as client:
        try:
            client.sendall(request)
            answer = _read_all(client)
        except ConnectionError:  # it may be closed before the last byte was read
            return "cut"
        _require(answer, status)
    return status.decode()


def flapping(port: int, chance: random.Random) -> str:
    """Its upstream is stopped, killed and started again all the time: a whole answer, or a clear error."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", "/flapping", headers={"Host": HOST})
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    if answer.status not in (200, 502, 503, 504) or (answer.status == 200 and len(body) != 100):
        raise Unexpected(f"flapping upstream: {answer.status} with {len(body)} bytes")
    return str(answer.status)


# What they have in common.

def _connect(port: int, receive_buffer: int | None = None) -> socket.socket:
    client = socket.socket()
    client.settimeout(20)
    if receive_buffer:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    client.connect(("127.0.0.1", port))
    return client


def _read_all(client: socket.socket) -> bytes:
    parts = []
    while data := client.recv(65536):
        parts.append(data)
    return b"".join(parts)


def _require(answer: bytes, status: bytes) -> None:
    if answer.split(b" ", 2)[1:2] != [status]:
        raise Unexpected(f"{answer[:60]!r} instead of {status.decode()}")


def _get(connection: http.client.HTTPConnection, path: str, length: int | None, fields: dict[str, str] | None = None) -> None:
    connection.request("GET", path, headers={"Host": HOST, **(fields or {})})
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200 or (length is not None and len(body) != length) or answer.headers["X-Version"] not in ("old", "new"):
        raise Unexpected(f"{path}: {answer.status} with {len(body)} bytes")
