"""What is behind every proxy, and the other programs in C."""

from __future__ import annotations

import subprocess
from pathlib import Path

from rig.machine import Process, RigError, SharedCounter, free_port


def compile_c(build: Path) -> None:
    build.mkdir(exist_ok=True)
    load = Path(__file__).parents[1] / "Load"
    for name, flags, libraries in (("relay", [], []), ("origin", [], []), ("resume", [], ["-lssl", "-lcrypto"]),
                                   ("malloccount.so", ["-shared", "-fPIC", f"-I{load}/include"], [])):
        source = load / Path(name).with_suffix(".c")
        done = subprocess.run(["cc", "-O2", "-Wall", "-Wextra", *flags, "-o", build / name, source, *libraries],
                              capture_output=True, text=True, timeout=60)
        if done.returncode != 0:
            raise RigError(f"cc {source.name}: {done.stderr.strip()}")


def start(build: Path, core: int) -> tuple[int, int, list[SharedCounter]]:
    ports, counters = [], []
    for version in ("old", "new"):
        port, counter = free_port(), SharedCounter(build / f"requests-{version}")
        origin = Process([str(build / "origin"), str(port), version, str(counter.path)], core, build / f"origin-{version}.log")
        origin.wait_until_accepting(port)
        ports.append(port)
        counters.append(counter)
    return ports[0], ports[1], counters
