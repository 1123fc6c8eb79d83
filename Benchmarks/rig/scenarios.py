"""What is measured. Every scenario takes its proxies in turn, round by round, and returns plain numbers."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from statistics import median

from rig import load
from rig.load import Load
from rig.machine import RigError, passive_opens, search_path
from rig.proxies import Bench, Proxy, Relay256

IDLE_CONNECTIONS = 7000
IDLE_FIRST = 1000  # take up what the warm-up has freed, and are not counted
IDLE_SECONDS = 4  # what proxies do with connections that idle, they have done then
IDLE_ROUNDS = 3  # at most: memory hardly varies


@dataclass(frozen=True)
class Effort:
    rounds: int
    seconds: int
    say: Callable[[str], None]


# Of one proxy in one scenario: the figures of each round, and what they come to.
Figures = dict[str, float]


@dataclass(frozen=True)
class Outcome:
    rounds: list[Figures]

    def medians(self) -> Figures:
        return {name: median(figures[name] for figures in self.rounds) for name in self.rounds[0]}


Outcomes = dict[str, Outcome]


def _in_turn(proxies: list[Proxy], effort: Effort, measure: Callable[[Proxy], Figures]) -> Outcomes:
    """Rounds over all proxies, each round starting with another one, so that a slow minute of the machine hits all alike."""
    collected: dict[str, list[Figures]] = {proxy.name: [] for proxy in proxies}
    for number in range(effort.rounds):
        shift = number % len(proxies)
        for proxy in proxies[shift:] + proxies[:shift]:
            figures = measure(proxy)
            collected[proxy.name].append(figures)
            text = ", ".join(f"{name} {value:.6g}" for name, value in figures.items())
            effort.say(f"  round {number + 1}/{effort.rounds} {proxy.name:10} {text}")
    return {name: Outcome(rounds) for name, rounds in collected.items()}


def flow(bench: Bench, proxies: list[Proxy], effort: Effort, work: Load) -> Outcomes:
    """Requests as fast as they go: the proxy's CPU time per request, throughput, latency, memory."""

    def measure(proxy: Proxy) -> Figures:
        opens, cpu = passive_opens(), proxy.process.cpu_nanoseconds()
        result = load.offer(bench, proxy, work, effort.seconds)
        cpu, opens = proxy.process.cpu_nanoseconds() - cpu, passive_opens() - opens
        if work.new_connection_per_request and opens < 0.98 * result.requests:
            raise RigError(f"{proxy.name}: {result.requests} requests came over {opens} connections only")
        return {
            "cpu": cpu / 1000 / result.requests,
            "rate": result.requests / result.seconds,
            "p50": result.p50,
            "p99": result.p99,
            "rss": proxy.process.rss_bytes(),
            "errors": sum(result.errors.values()),
        }

    try:
        for proxy in proxies:
            proxy.compresses = work.compressed
            proxy.start()
            load.check(proxy)
            load.offer(bench, proxy, work, 1)  # warm-up
        return _in_turn(proxies, effort, measure)
    finally:
        for proxy in proxies:
            proxy.stop()


def idle(bench: Bench, proxies: list[Proxy], effort: Effort, secure: bool = False) -> Outcomes:
    """Memory per connection that has made one request and idles. A fresh process each time: heaps do not shrink."""

    def measure(proxy: Proxy) -> Figures:
        proxy.start()
        try:
            load.offer(bench, proxy, Load(secure=secure), 1)  # warm-up
            time.sleep(0.5)
            connections = load.open_idle_connections(proxy, IDLE_FIRST, secure)
            time.sleep(IDLE_SECONDS)
            before = proxy.process.rss_bytes()
            connections += load.open_idle_connections(proxy, IDLE_CONNECTIONS - IDLE_FIRST, secure)
            time.sleep(IDLE_SECONDS)
            after = proxy.process.rss_bytes()
            proxy.process.require_alive()
            for connection in connections:
                connection.close()
        finally:
            proxy.stop()
        return {"bytes per connection": (after - before) / (IDLE_CONNECTIONS - IDLE_FIRST), "before": before, "after": after}

    return _in_turn(proxies, replace(effort, rounds=min(effort.rounds, IDLE_ROUNDS)), measure)


def system_calls(bench: Bench, proxies: list[Proxy], effort: Effort, requests_so_far: Callable[[], int]) -> Outcomes:
    """System calls per keep-alive GET, in the steady state of 64 connections. The origins count the requests."""

    def measure(proxy: Proxy) -> Figures:
        proxy.start()
        try:
            with load.background_load(bench, proxy, Load(), effort.seconds + 3):
                time.sleep(1)
                calls, requests = _trace(bench, proxy, effort.seconds, requests_so_far)
        finally:
            proxy.stop()
        per_request = {name: count / requests for name, count in calls.items() if count / requests >= 0.005}
        return {"total": sum(calls.values()) / requests, **per_request}

    return {proxy.name: Outcome([_said(effort, proxy, measure(proxy))]) for proxy in proxies}


def _said(effort: Effort, proxy: Proxy, figures: Figures) -> Figures:
    effort.say(f"  {proxy.name:10} " + ", ".join(f"{name} {value:.3f}" for name, value in figures.items()))
    return figures


def _trace(bench: Bench, proxy: Proxy, seconds: int, requests_so_far: Callable[[], int]) -> tuple[dict[str, int], int]:
    table = bench.build / "run" / proxy.name / "strace"
    pids = proxy.process.pids()
    command = ["taskset", "-c", str(bench.load_core), "strace", "-c", "-f", "-o", str(table)]
    for pid in pids:
        command += ["-p", str(pid)]
    strace = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ, "PATH": search_path()})
    try:
        for _ in pids:
            said = strace.stderr.readline()
            if "attached" not in said:
                raise RigError(f"strace: {said.strip() or 'ended at once'}")
        before = requests_so_far()
        time.sleep(seconds)
        requests = requests_so_far() - before
        strace.send_signal(signal.SIGINT)
        strace.wait(timeout=10)
    finally:
        strace.kill()
        strace.wait()
    if requests <= 0:
        raise RigError(f"{proxy.name} answered nothing under strace")
    # Columns: % time, seconds, usecs/call, calls, errors (may be blank), name.
    rows = re.findall(r"^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(\w+)$", table.read_text(), re.MULTILINE)
    return {name: int(count) for count, name in rows if name != "total"}, requests


def allocations(bench: Bench, proxies: list[Proxy], effort: Effort, requests_so_far: Callable[[], int]) -> Outcomes:
    """Heap allocations per keep-alive GET after warm-up, counted by a preloaded library."""

    def measure(proxy: Proxy) -> Figures:
        counter = proxy.start(count_allocations=True)
        try:
            with load.background_load(bench, proxy, Load(), effort.seconds + 2):
                time.sleep(1)
                before = counter.value(), requests_so_far()
                time.sleep(effort.seconds)
                after = counter.value(), requests_so_far()
        finally:
            proxy.stop()
        if after[0] == 0 or after[1] == before[1]:
            raise RigError(f"{proxy.name}: nothing was counted (is it linked statically?)")
        return {"per request": (after[0] - before[0]) / (after[1] - before[1])}

    return {proxy.name: Outcome([_said(effort, proxy, measure(proxy))]) for proxy in proxies}


@dataclass(frozen=True)
class Scenario:
    title: str
    kind: str  # flow, idle, system calls, allocations, micro
    run: Callable[[Bench, list[Proxy], Effort, Callable[[], int]], Outcomes]
    needs_http: bool = False  # leaves the relay out
    with_relay_256: bool = False
    only: tuple[str, ...] = ()  # all, if empty


def _flow(title: str, work: Load, **options: bool | tuple[str, ...]) -> Scenario:
    return Scenario(title, "flow", lambda bench, proxies, effort, _: flow(bench, proxies, effort, work), **options)


ALL: dict[str, Scenario] = {
    "get100": _flow("GET, 100 B answer, 64 keep-alive connections", Load()),
    "get1m": _flow("GET, 1 MiB answer, 16 keep-alive connections", Load(path="/bytes/1048576", connections=16),
                   with_relay_256=True),
    "post64k": _flow("POST, 64 KiB body, 32 keep-alive connections", Load(connections=32, post_bytes=65536)),
    "close": _flow("GET, 100 B answer, a new connection for each request, 64 at a time",
                   Load(new_connection_per_request=True), needs_http=True),
    "tls100": _flow("GET, 100 B answer over TLS 1.3, 64 keep-alive connections", Load(secure=True), needs_http=True),
    "tls1m": _flow("GET, 1 MiB answer over TLS 1.3, 16 keep-alive connections",
                   Load(path="/bytes/1048576", connections=16, secure=True), needs_http=True),
    "handshake": _flow("GET, 100 B answer, a new TLS 1.3 connection with a full handshake (P-256) for each request, 64 at a time",
                       Load(new_connection_per_request=True, secure=True), needs_http=True),
    "resume": _flow("GET, 100 B answer, a new TLS 1.3 connection with a resumed session for each request, 64 at a time",
                    Load(new_connection_per_request=True, secure=True, resumed=True), needs_http=True),
    "gzip": _flow("GET, 64 KiB JSON compressed by gzip at level 1, 32 keep-alive connections",
                  Load(path="/json/65536", connections=32, compressed=True), only=("serin", "nginx")),
    "idle": Scenario(f"{IDLE_CONNECTIONS} idle keep-alive connections", "idle",
                     lambda bench, proxies, effort, _: idle(bench, proxies, effort)),
    "idletls": Scenario(f"{IDLE_CONNECTIONS} idle keep-alive connections over TLS 1.3", "idle",
                        lambda bench, proxies, effort, _: idle(bench, proxies, effort, secure=True), needs_http=True),
    "syscalls": Scenario("System calls per keep-alive GET at 64 connections (strace -c -f)", "system calls", system_calls),
    "allocations": Scenario("Heap allocations per keep-alive GET after warm-up", "allocations", allocations),
}


def chosen_proxies(scenario: Scenario, bench: Bench, kinds: list[type[Proxy]]) -> list[Proxy]:
    proxies = [kind(bench) for kind in kinds
               if (kind.speaks_http or not scenario.needs_http) and (not scenario.only or kind.name in scenario.only)]
    if scenario.with_relay_256 and any(proxy.name == "relay" for proxy in proxies):
        proxies.append(Relay256(bench))
    return proxies
