"""Whether a client notices when the process it talks to is changed: reloads, upgrades and restarts under wrk's load, again and again.

    python3 -m rig.changes [--serin BINARY] [--repetitions 50] [--only reload,upgrade,restart]

Each repetition is one run of wrk with one change in its middle, by turns with connections that are kept and with one for each request.
An upgrade also changes the number of workers. A restart is a graceful stop and then a start, with sockets that this program holds as
a service manager does: who comes in between waits in their queue. A failed request is an error of wrk's or an answer that is not 200.
"""

import argparse
import json
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(HERE))

from rig.machine import RigError, free_port, require_tools, search_path  # noqa: E402

CHANGES = ["reload", "upgrade", "restart"]
SECONDS = 2
INGRESS = """apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: app}
spec:
  rules:
  - http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: app, port: {number: 80}}}}]}
"""


class Origin:
    """nginx, with an answer for everything."""

    def __init__(self, folder):
        self.port = free_port()
        temporary = " ".join(f"{name}_temp_path {folder}/{name};" for name in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"])
        (folder / "nginx.conf").write_text(f"""daemon off; worker_processes 1; pid {folder}/nginx.pid;
events {{ worker_connections 4096; }}
http {{ {temporary} access_log off; keepalive_requests 100000000;
  server {{ listen 127.0.0.1:{self.port} backlog=4096; location / {{ return 200 "app"; }} }} }}
""")
        self.process = subprocess.Popen(["nginx", "-p", folder, "-e", folder / "nginx.log", "-c", folder / "nginx.conf"],
                                        env={**os.environ, "PATH": search_path()})


class Proxy:
    """Serin with one listener; whichever process that is at the moment."""

    def __init__(self, binary, folder, origin, activated):
        self.binary, self.folder, self.origin, self.activated = binary, folder, origin, activated
        (folder / "ingress.yaml").write_text(INGRESS)
        self.log = folder / "log"
        self.sockets = [socket.create_server(("127.0.0.1", 0), backlog=4096) for _ in range(2)] if activated else []
        self.listener, self.admin = [s.getsockname()[1] for s in self.sockets] or [free_port(), free_port()]
        self.configure(2)
        self.start()

    def configure(self, workers):
        (self.folder / "serin.yaml").write_text(f"""listeners: [{{address: "127.0.0.1:{self.listener}"}}]
admin: {{address: "127.0.0.1:{self.admin}"}}
workers: {workers}
manifests: [ingress.yaml]
services: {{app: ["127.0.0.1:{self.origin.port}"]}}
""")

    def start(self):
        self.log.write_text("")
        self.pid = os.fork()
        if self.pid == 0:
            output = os.open(self.log, os.O_WRONLY | os.O_APPEND)
            for target in (1, 2):
                os.dup2(output, target)
            environment = dict(os.environ)
            if self.activated:
                copies = [os.dup(s.fileno()) for s in self.sockets]
                for number, copy in enumerate(copies):
                    os.dup2(copy, 3 + number)
                os.closerange(3 + len(copies), 256)
                environment |= {"LISTEN_FDS": str(len(copies)), "LISTEN_PID": str(os.getpid())}
            os.execve(self.binary, [str(self.binary), "run", "-c", str(self.folder / "serin.yaml")], environment)
        self.wait_for(r"^admin ")

    def wait_for(self, pattern, count=1):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            found = re.findall(pattern, self.log.read_text(), re.MULTILINE)
            if len(found) >= count:
                return found
            time.sleep(0.01)
        raise RigError(f"waited in vain for {pattern}:\n{self.log.read_text()}")

    def reload(self):
        with socket.create_connection(("127.0.0.1", self.admin), timeout=60) as connection:
            connection.sendall(b"POST /v1/reload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            answer = connection.recv(65536)
        if not answer.startswith(b"HTTP/1.1 200 "):
            raise RigError(answer.decode())

    def upgrade(self):
        self.configure(random.randint(1, 4))
        before = len(re.findall(r"process \d+ serves$", self.log.read_text(), re.MULTILINE))
        os.kill(self.pid, signal.SIGUSR2)
        old, self.pid = self.pid, int(self.wait_for(r"process (\d+) serves$", before + 1)[before])
        wait_for_end(old)

    def restart(self):
        self.stop()
        self.start()

    def stop(self):
        os.kill(self.pid, signal.SIGQUIT)
        wait_for_end(self.pid)


def wait_for_end(pid):
    """Our own child, or one that an upgrade has left to whoever adopts it."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if os.waitpid(pid, os.WNOHANG)[0] == pid:
                return
        except ChildProcessError:
            status = pathlib.Path(f"/proc/{pid}/stat")
            if not status.exists() or status.read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return
        time.sleep(0.01)
    raise RigError(f"process {pid} does not end")


def repeat(proxy, change, number):
    """One run of wrk around one change; its requests and its failures."""
    kept = number % 2 == 0
    command = ["wrk", "-t1", "-c64" if kept else "-c32", f"-d{SECONDS}s", "--timeout", "10s", "-s", str(HERE / "Load" / "wrk.lua")]
    if not kept:
        command += ["-H", "Connection: close"]
    load = subprocess.Popen([*command, f"http://127.0.0.1:{proxy.listener}/"], stdout=subprocess.PIPE, text=True)
    time.sleep(random.uniform(0.3, 1))
    getattr(proxy, change)()
    output, _ = load.communicate(timeout=60)
    result = json.loads(next(line for line in output.splitlines() if line.startswith("RESULT ")).removeprefix("RESULT "))
    return result["requests"], {name: count for name, count in result["errors"].items() if count}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--serin", type=pathlib.Path, default=HERE.parent / ".build/release/serin")
    parser.add_argument("--repetitions", type=int, default=50)
    parser.add_argument("--only", default=",".join(CHANGES))
    given = parser.parse_args()
    require_tools(["nginx", "wrk"])
    failed = 0
    with tempfile.TemporaryDirectory() as place:
        folder = pathlib.Path(place)
        origin = Origin(folder)
        try:
            for change in given.only.split(","):
                proxy = Proxy(given.serin, folder, origin, activated=change == "restart")
                total, failures = 0, []
                for number in range(given.repetitions):
                    requests, errors = repeat(proxy, change, number)
                    total += requests
                    if errors:
                        failures.append((number, errors))
                        print(f"{change} {number}: {errors}", flush=True)
                proxy.stop()
                failed += len(failures)
                print(f"{change}: {given.repetitions} repetitions, {total} requests, {len(failures)} repetitions with failures", flush=True)
        finally:
            origin.process.terminate()
            origin.process.wait()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
