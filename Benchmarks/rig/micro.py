"""The micro-benchmarks of the pure modules: the Swift program `Micro` of this folder's package."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from statistics import median

from rig.machine import RigError
from rig.proxies import Bench
from rig.scenarios import Effort

NAME = "micro"
TITLE = "Pure modules: time and heap allocations per operation"


def run(folder: Path, bench: Bench, effort: Effort) -> dict[str, dict]:
    """Builds and runs it; the result is shaped as a scenario's, with operations in the place of proxies."""
    build = ["swift", "build", "-c", "release", "--package-path", str(folder), "--scratch-path", str(bench.build / "swift"),
             "--product", "Micro"]
    try:
        done = subprocess.run(build, capture_output=True, text=True, timeout=1800)
        if done.returncode != 0:
            raise RigError(f"the micro-benchmarks do not build: {(done.stderr or done.stdout).strip()}")
        program = subprocess.run([*build, "--show-bin-path"], capture_output=True, text=True, timeout=120).stdout.strip()
    except FileNotFoundError:
        raise RigError("the micro-benchmarks need `swift` on the PATH")
    operations: dict[str, list[dict[str, float]]] = {}
    for _ in range(effort.rounds):
        done = subprocess.run(["taskset", "-c", str(bench.proxy_core), f"{program}/Micro"], capture_output=True, text=True, timeout=120)
        if done.returncode != 0:
            raise RigError(f"Micro failed: {done.stderr.strip()}")
        for line in done.stdout.splitlines():
            figures = json.loads(line)
            operations.setdefault(figures.pop("operation"), []).append(figures)
    result = {}
    for name, rounds in operations.items():
        middle = {key: median(figures[key] for figures in rounds) for key in rounds[0]}
        effort.say(f"  {name}: {middle['nanoseconds']:.1f} ns, {middle['allocations']:.2f} allocations")
        result[name] = {"median": middle, "rounds": rounds}
    return result
