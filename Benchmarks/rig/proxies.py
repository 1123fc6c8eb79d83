"""The proxies side by side: one worker each, the same canary rules, the same fields set for the upstream."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from rig.machine import Process, SharedCounter, free_port, search_path

HOST = "www.example.com"
WEIGHT = 20  # percent of the requests that neither header nor cookie decides


@dataclass(frozen=True)
class Bench:
    """Where things are and who runs where."""

    build: Path
    proxy_core: int
    load_core: int
    old_port: int
    new_port: int
    serin: Path


@dataclass(frozen=True)
class Certificate:
    """The one that all proxies serve: P-256, self-signed."""

    chain: Path
    key: Path
    both: Path  # as HAProxy wants them

    @staticmethod
    def of(bench: Bench) -> Certificate:
        folder = bench.build / "run"
        made = Certificate(folder / "certificate.pem", folder / "key.pem", folder / "both.pem")
        if not made.both.exists():
            folder.mkdir(parents=True, exist_ok=True)
            subprocess.run(
                ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "365", "-subj", f"/CN={HOST}",
                 "-addext", f"subjectAltName=DNS:{HOST}", "-keyout", str(made.key), "-out", str(made.chain)],
                check=True, capture_output=True)
            made.both.write_text(made.chain.read_text() + made.key.read_text())
        return made


class Proxy:
    """A proxy in front of the two origins. Subclasses write its configuration and name its command."""

    name = ""
    speaks_http = True
    compresses = False  # JSON by gzip, level 1; to be set before it starts

    def __init__(self, bench: Bench):
        self.bench = bench
        self.port = 0
        self.secure_port = 0
        self.process: Process | None = None

    def start(self, count_allocations: bool = False) -> SharedCounter | None:
        """Starts it on a fresh port; with `count_allocations`, the result counts its heap allocations."""
        folder = self.bench.build / "run" / self.name
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.secure_port = free_port()
        counter, environment = None, {}
        if count_allocations:
            counter = SharedCounter(folder / "allocations")
            environment = {"LD_PRELOAD": str(self.bench.build / "malloccount.so"), "MALLOCCOUNT_FILE": str(counter.path)}
        self.process = Process(self.command(folder), self.bench.proxy_core, folder / "log", environment)
        self.process.wait_until_accepting(self.port)
        return counter

    def stop(self) -> None:
        if self.process:
            self.process.stop()
            self.process = None

    def command(self, folder: Path) -> list[str]:
        raise NotImplementedError

    def version(self) -> str:
        return ""


class Relay(Proxy):
    """Copies bytes to both origins, by connection, and parses nothing: the floor."""

    name = "relay"
    speaks_http = False
    buffer_kib = 64

    def command(self, folder: Path) -> list[str]:
        ports = [self.port, self.bench.old_port, self.bench.new_port]
        return [str(self.bench.build / "relay"), *map(str, [*ports, WEIGHT, self.buffer_kib])]

    def version(self) -> str:
        return f"{self.buffer_kib} KiB buffer"


class Relay256(Relay):
    name = "relay-256"
    buffer_kib = 256


class Serin(Proxy):
    name = "serin"

    def command(self, folder: Path) -> list[str]:
        (folder / "manifests.yaml").write_text(_ingress("gray-release", "old-nginx", "") + "---\n" + _ingress(
            "gray-release-canary", "new-nginx", f"""
  annotations:
    nginx.ingress.kubernetes.io/canary: "true"
    nginx.ingress.kubernetes.io/canary-by-header: "foo"
    nginx.ingress.kubernetes.io/canary-by-header-value: "bar"
    nginx.ingress.kubernetes.io/canary-by-cookie: "foo"
    nginx.ingress.kubernetes.io/canary-weight: "{WEIGHT}\""""))
        configuration = folder / "serin.yaml"
        certificate = Certificate.of(self.bench)
        configuration.write_text(f"""listeners:
  - address: 127.0.0.1:{self.port}
  - {{address: 127.0.0.1:{self.secure_port}, tls: true}}
tls:
  certificates: [{{certificate: {certificate.chain}, key: {certificate.key}}}]
  sslRedirect: false
admin:
  address: 127.0.0.1:{free_port()}
workers: 1
manifests: [manifests.yaml]
services:
  old-nginx: [127.0.0.1:{self.bench.old_port}]
  new-nginx: [127.0.0.1:{self.bench.new_port}]
limits:
  body: 0
accessLog: {{format: off}}
{"gzip: {level: 1, types: [application/json]}" if self.compresses else ""}
""")
        return [str(self.bench.serin), "run", "-c", str(configuration)]


def _ingress(name: str, service: str, annotations: str) -> str:
    return f"""apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: {name}{annotations}
spec:
  rules:
    - host: {HOST}
      http:
        paths:
          - path: /
            pathType: Prefix
            backend:
              service:
                name: {service}
                port:
                  number: 80
"""


class Nginx(Proxy):
    name = "nginx"

    def command(self, folder: Path) -> list[str]:
        configuration = folder / "nginx.conf"
        certificate = Certificate.of(self.bench)
        configuration.write_text(f"""{"user root;" if os.geteuid() == 0 else ""}
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
worker_rlimit_nofile 20000;
events {{
    worker_connections 16384;
    multi_accept on;
}}
http {{
    access_log off;
    server_tokens off;
    tcp_nodelay on;
    {"gzip on; gzip_comp_level 1; gzip_types application/json; gzip_proxied any; gzip_vary on;" if self.compresses else ""}
    keepalive_timeout 75s;
    keepalive_requests 1000000000;
    client_max_body_size 0;
    client_body_buffer_size 64k;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;

    upstream old {{ server 127.0.0.1:{self.bench.old_port}; keepalive 256; keepalive_requests 1000000000; }}
    upstream new {{ server 127.0.0.1:{self.bench.new_port}; keepalive 256; keepalive_requests 1000000000; }}
    map $https $strict {{ on "max-age=31536000; includeSubDomains"; default ""; }}
    split_clients $request_id $by_weight {{ {WEIGHT}% new; * old; }}
    map $cookie_foo $by_cookie {{ always new; never old; default $by_weight; }}
    map $http_foo $version {{ bar new; default $by_cookie; }}

    server {{
        listen 127.0.0.1:{self.port} backlog=4096;
        listen 127.0.0.1:{self.secure_port} ssl backlog=4096;
        ssl_certificate {certificate.chain};
        ssl_certificate_key {certificate.key};
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_session_cache shared:TLS:8m;
        add_header Strict-Transport-Security $strict;
        server_name {HOST};
        location / {{
            proxy_pass http://$version;
            proxy_http_version 1.1;
            proxy_request_buffering off;
            proxy_max_temp_file_size 0;
            proxy_buffers 8 64k;
            proxy_busy_buffers_size 128k;
            proxy_set_header Connection "";
            proxy_set_header Host $http_host;
            proxy_set_header X-Request-ID $request_id;
            proxy_set_header X-Real-IP $remote_addr;
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header X-Forwarded-Host $http_host;
            proxy_set_header X-Forwarded-Port $server_port;
            proxy_set_header X-Forwarded-Proto $scheme;
        }}
    }}
}}
""")
        return ["nginx", "-e", str(folder / "error.log"), "-c", str(configuration)]

    def version(self) -> str:
        return _first_version(["nginx", "-v"])


class HAProxy(Proxy):
    name = "haproxy"

    def command(self, folder: Path) -> list[str]:
        configuration = folder / "haproxy.cfg"
        certificate = Certificate.of(self.bench)
        configuration.write_text(f"""global
    nbthread 1
    maxconn 9000
    maxpipes 256

defaults
    mode http
    option http-keep-alive
    option splice-auto
    http-reuse always
    timeout connect 5s
    timeout client 60s
    timeout server 60s
    timeout http-request 15s
    timeout http-keep-alive 75s

frontend listener
    bind 127.0.0.1:{self.port} backlog 4096
    bind 127.0.0.1:{self.secure_port} backlog 4096 ssl crt {certificate.both} ssl-min-ver TLSv1.2 alpn http/1.1
    http-request set-header X-Request-ID %[uuid()]
    http-request set-header X-Real-IP %[src]
    http-request set-header X-Forwarded-For %[src]
    http-request set-header X-Forwarded-Host %[req.hdr(host)]
    http-request set-header X-Forwarded-Port %[dst_port]
    http-request set-header X-Forwarded-Proto http unless {{ ssl_fc }}
    http-request set-header X-Forwarded-Proto https if {{ ssl_fc }}
    http-response set-header Strict-Transport-Security "max-age=31536000; includeSubDomains" if {{ ssl_fc }}
    use_backend new if {{ req.hdr(foo) -m str bar }}
    use_backend new if {{ req.cook(foo) -m str always }}
    use_backend old if {{ req.cook(foo) -m str never }}
    use_backend new if {{ rand(100) lt {WEIGHT} }}
    default_backend old

backend old
    server origin 127.0.0.1:{self.bench.old_port}

backend new
    server origin 127.0.0.1:{self.bench.new_port}
""")
        return ["haproxy", "-db", "-f", str(configuration)]

    def version(self) -> str:
        return _first_version(["haproxy", "-v"])


def _first_version(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=10, env={**os.environ, "PATH": search_path()})
    found = re.search(r"\d+(\.\d+)+", done.stdout + done.stderr)
    return found.group(0) if found else ""


ALL: dict[str, type[Proxy]] = {kind.name: kind for kind in (Relay, Serin, Nginx, HAProxy)}
