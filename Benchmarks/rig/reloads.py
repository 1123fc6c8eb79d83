"""Measures reloads of a big configuration: how long each takes, what memory it leaves, and what a client notices meanwhile.

    python3 -m rig.reloads FOLDER [--serin BINARY] [--reloads 20] [--rate 500]

FOLDER is one that `rig.manifests` has written. A client asks one request after the other on a keep-alive connection, at a fixed
rate, of a host that no route has, so that only the proxy itself is seen; first without reloads, then with.
"""

import argparse
import http.client
import pathlib
import re
import socket
import subprocess
import sys
import threading
import time

QUESTION = b"GET / HTTP/1.1\r\nHost: nobody.invalid\r\n\r\n"


class Client(threading.Thread):
    """Asks at a rate; keeps the times from when a question was due until it was answered."""

    def __init__(self, port, rate):
        super().__init__(daemon=True)
        self.port, self.rate, self.times, self.running = port, rate, [], True

    def run(self):
        connection = socket.create_connection(("127.0.0.1", self.port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        due = time.monotonic()
        while self.running:
            due += 1 / self.rate
            time.sleep(max(0, due - time.monotonic()))
            connection.sendall(QUESTION)
            if not connection.recv(65536):
                raise SystemExit("the proxy closed a connection")
            self.times.append(time.monotonic() - due)

    def finish(self):
        self.running = False
        self.join()
        times = sorted(self.times)
        return " ".join(f"{name} {times[int(len(times) * part)] * 1000:.2f} ms" for name, part in
                        [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999), ("max", 0.999999)])


def resident(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) / 1024


def ask(port, method, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    connection.request(method, path)
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def measure(given):
    process = subprocess.Popen([given.serin, "run", "-c", given.folder / "serin.yaml"], stdout=subprocess.PIPE, text=True)
    try:
        listener = int(process.stdout.readline().rsplit(":", 1)[1])
        admin = int(process.stdout.readline().rsplit(":", 1)[1])
        steady = Client(listener, given.rate)
        steady.start()
        time.sleep(5)
        print("without reloads:", steady.finish(), f"rss {resident(process.pid):.1f} MiB")
        client = Client(listener, given.rate)
        client.start()
        for _ in range(given.reloads):
            start = time.monotonic()
            status, body = ask(admin, "POST", "/v1/reload")
            if status != 200:
                raise SystemExit(body)
            seconds = time.monotonic() - start
            time.sleep(2)  # old memory is given back within a second or so
            print(f"reload {seconds:.2f} s, rss {resident(process.pid):.1f} MiB", flush=True)
        print("with reloads:", client.finish())
    finally:
        process.terminate()
        process.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--serin", type=pathlib.Path, default=pathlib.Path(__file__).parents[2] / ".build/release/serin")
    parser.add_argument("--reloads", type=int, default=20)
    parser.add_argument("--rate", type=int, default=500)
    measure(parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
