"""What the rig needs from the machine: cores, ports, processes that are sure to end, and figures from /proc."""

from __future__ import annotations

import mmap
import os
import random
import re
import resource
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path


class RigError(Exception):
    """Something the user can put right; printed as one line."""


def require_tools(names: list[str]) -> None:
    missing = [name for name in names if shutil.which(name, path=search_path()) is None]
    if missing:
        raise RigError(f"missing: {', '.join(missing)}; run `scripts/setup bench`")


def search_path() -> str:
    # nginx and haproxy are in sbin, which is not on everybody's PATH.
    return os.environ.get("PATH", os.defpath) + ":/usr/local/sbin:/usr/sbin:/sbin"


def two_cores() -> tuple[int, int]:
    """The core of the proxy and the core of everything else."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise RigError("this benchmark needs two cores: one for the proxy, one for the load and the origins")
    return cores[0], cores[1]


def raise_descriptor_limit(needed: int) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < needed:
        raise RigError(f"this benchmark needs {needed} file descriptors, the hard limit is {hard} (ulimit -Hn)")
    soft = hard if hard != resource.RLIM_INFINITY else needed
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


_handed_out: set[int] = set()


def free_port() -> int:
    """A free loopback port below the range that outgoing connections take their source ports from."""
    ephemeral = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    for _ in range(1000):
        port = random.randrange(max(1024, ephemeral - 20000), ephemeral)
        if port in _handed_out:
            continue
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        _handed_out.add(port)
        return port
    raise RigError("no free port found")


class Process:
    """A child, pinned to one core if that is given, that ends with the rig, however the rig ends."""

    def __init__(self, command: list[str], core: int | None, log: Path, environment: dict[str, str] | None = None):
        self.name = Path(command[0]).name
        self.log = log
        with log.open("wb") as output:
            self._child = subprocess.Popen(
                # setpriv: the kernel sends TERM should the rig itself be killed.
                ["setpriv", "--pdeathsig", "TERM", *(["taskset", "-c", str(core)] if core is not None else []), *command],
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
                env={**os.environ, "PATH": search_path(), **(environment or {})})
        _running.append(self)

    def pids(self) -> list[int]:
        """The process and its descendants (nginx has a master and a worker)."""
        found, queue = [], [self._child.pid]
        while queue:
            pid = queue.pop()
            found.append(pid)
            for children in Path(f"/proc/{pid}/task").glob("*/children"):
                queue += [int(child) for child in children.read_text().split()]
        return sorted(found)

    def wait_until_accepting(self, port: int, seconds: float = 15) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            self.require_alive()
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise RigError(f"{self.name} does not accept connections on port {port}: {self.last_words()}")

    def require_alive(self) -> None:
        if self._child.poll() is not None:
            raise RigError(f"{self.name} ended with status {self._child.returncode}: {self.last_words()}")

    def last_words(self) -> str:
        return " / ".join(self.log.read_text(errors="replace").strip().splitlines()[-5:]) or "(no output)"

    def cpu_nanoseconds(self) -> int:
        """On-CPU time of all threads so far; finer and steadier than the ticks of /proc/PID/stat."""
        total = 0
        for pid in self.pids():
            for schedstat in Path(f"/proc/{pid}/task").glob("*/schedstat"):
                total += int(schedstat.read_text().split()[0])
        return total

    def rss_bytes(self) -> int:
        """Resident memory. smaps_rollup counts pages; VmRSS may be off by some hundred KiB between its updates."""
        total = 0
        for pid in self.pids():
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
            total += int(re.search(r"^Rss:\s+(\d+) kB", rollup, re.MULTILINE).group(1)) * 1024
        return total

    def signal(self, number: int) -> None:
        self._child.send_signal(number)

    def stop(self) -> None:
        if self in _running:
            _running.remove(self)
        pids = self.pids() if self._child.poll() is None else []
        self._child.terminate()
        try:
            self._child.wait(timeout=3)
        except subprocess.TimeoutExpired:
            for pid in pids:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            self._child.wait(timeout=3)


_running: list[Process] = []


def stop_all() -> None:
    for process in list(_running):
        process.stop()


class SharedCounter:
    """A 64-bit count that another process keeps in a file."""

    def __init__(self, path: Path):
        self.path = path
        path.write_bytes(bytes(8))
        with path.open("r+b") as file:
            self._memory = mmap.mmap(file.fileno(), 8)

    def value(self) -> int:
        return int.from_bytes(self._memory[:8], "little")


def passive_opens() -> int:
    """TCP connections accepted on this machine so far."""
    names, values = [line.split() for line in Path("/proc/net/snmp").read_text().splitlines() if line.startswith("Tcp:")]
    return int(values[names.index("PassiveOpens")])


def description() -> dict[str, str]:
    cpu = re.search(r"^model name\s*:\s*(.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return {
        "cpu": cpu.group(1) if cpu else "unknown",
        "cores": str(len(os.sched_getaffinity(0))),
        "kernel": os.uname().release,
        "load before": Path("/proc/loadavg").read_text().split()[0],
    }
