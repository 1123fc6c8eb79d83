"""Finds the functions that requests go through, for the linker to put side by side (`scripts/function-order`).

    python3 -m rig.order [--serin BINARY] > ../scripts/function-order

Spread over six megabytes of code, each would have a page and cache lines to itself. The binary runs in Callgrind (Debian package
valgrind) under a few seconds of each load; what it runs for at least one request in ten is named, the most costly first.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path
from typing import Callable

from rig import machine, origins
from rig.load import Load, check, offer
from rig.machine import RigError
from rig.proxies import Bench, Serin

HERE = Path(__file__).resolve().parents[1]
LOADS = [Load(), Load(post_bytes=65536), Load(path="/bytes/1048576"), Load(new_connection_per_request=True), Load(secure=True)]
SECONDS = 4


class ObservedSerin(Serin):
    def command(self, folder: Path) -> list[str]:
        self.costs = folder / "callgrind.out"
        self.costs.unlink(missing_ok=True)
        return ["valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={self.costs}", *super().command(folder)]

    def observe(self, load: Load) -> None:
        pid = str(self.process.pids()[0])
        for state in ("on", "off"):
            subprocess.run(["callgrind_control", "-i", state, pid], check=True, capture_output=True, timeout=60)
            if state == "on":
                offer(self.bench, self, load, SECONDS)


def functions(serin: ObservedSerin, load: Load, requests_so_far: Callable[[], int]) -> list[str]:
    serin.start()
    try:
        check(serin)
        before = requests_so_far()
        serin.observe(load)
        requests = requests_so_far() - before
    finally:
        serin.stop()
    listing = subprocess.run(["callgrind_annotate", "--threshold=100", "--auto=no", serin.costs],
                             check=True, capture_output=True, text=True, timeout=120).stdout
    found = []
    for cost, name, program in re.findall(r"^ *([\d,]+) \(.*?\) +\S*:(\S+) \[(.*)\]$", listing, re.MULTILINE):
        if Path(program) == serin.bench.serin and int(cost.replace(",", "")) * 10 >= requests:
            found.append(name)
    if not found:
        raise RigError(f"Callgrind names no function of {serin.bench.serin}")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--serin", type=Path, default=HERE.parent / ".build/release/serin")
    options = parser.parse_args()
    build = HERE / "build"
    try:
        machine.require_tools(["cc", "wrk", "taskset", "setpriv", "objcopy", "valgrind"])
        origins.compile_c(build)
        # Callgrind would read a hundred megabytes of debug information.
        program = build / "serin-observed"
        subprocess.run(["objcopy", "--strip-debug", options.serin, program], check=True, timeout=60)
        proxy_core, load_core = machine.two_cores()
        old_port, new_port, counters = origins.start(build, load_core)
        serin = ObservedSerin(Bench(build, proxy_core, load_core, old_port, new_port, program))
        names: dict[str, None] = {}  # a set that keeps its order
        for load in LOADS:
            names.update(dict.fromkeys(functions(serin, load, lambda: sum(counter.value() for counter in counters))))
    except (RigError, subprocess.SubprocessError, OSError) as error:
        print(f"order: {error}", file=sys.stderr)
        return 1
    finally:
        machine.stop_all()
    print("\n".join(names))
    return 0


if __name__ == "__main__":
    sys.exit(main())
