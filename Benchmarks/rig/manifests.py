"""Writes a configuration of many Ingresses, each with its Service and EndpointSlice: what a big cluster's manifests look like.

    python3 -m rig.manifests FOLDER [--count 10000] [--files 1] [--list]

Every tenth Ingress has a canary. `serin run -c FOLDER/serin.yaml` serves it; its reloads are what is measured.
"""

import argparse
import pathlib

INGRESS = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: shop-{n}{suffix}
  namespace: team-{team}
  creationTimestamp: "2026-01-{day:02}T12:00:00Z"
  generation: 1
  labels:
    app.kubernetes.io/name: shop-{n}
    app.kubernetes.io/managed-by: Helm
  annotations:{annotations}
spec:
  ingressClassName: nginx
  rules:
  - host: shop-{n}.example.com
    http:
      paths:
      - path: /
        pathType: Prefix
        backend:
          service:
            name: shop-{n}{suffix}
            port:
              number: 80
"""

SERVICE = """\
apiVersion: v1
kind: Service
metadata:
  name: shop-{n}{suffix}
  namespace: team-{team}
spec:
  selector:
    app: shop-{n}{suffix}
  ports:
  - name: http
    port: 80
    targetPort: 8080
"""

SLICE = """\
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata:
  name: shop-{n}{suffix}-abcde
  namespace: team-{team}
  labels:
    kubernetes.io/service-name: shop-{n}{suffix}
addressType: IPv4
endpoints:
- addresses:
  - 10.{a}.{b}.1
  conditions:
    ready: true
- addresses:
  - 10.{a}.{b}.2
  conditions:
    ready: true
ports:
- name: http
  port: 8080
  protocol: TCP
"""

PLAIN = """
    meta.helm.sh/release-name: shop-{n}"""

CANARY = """
    nginx.ingress.kubernetes.io/canary: "true"
    nginx.ingress.kubernetes.io/canary-by-header: X-Canary
    nginx.ingress.kubernetes.io/canary-weight: "10\""""


def documents(n):
    """The objects of one shop."""
    values = {"n": n, "team": n % 50, "day": n % 28 + 1, "a": n // 250 % 250, "b": n % 250}
    for suffix, annotations in [("", PLAIN)] + ([("-canary", CANARY)] if n % 10 == 0 else []):
        values.update(suffix=suffix, annotations=annotations.format(n=n))
        for text in (INGRESS, SERVICE, SLICE):
            yield text.format(**values)


def as_list(texts):
    """One `kind: List`, as kubectl writes it."""
    yield "apiVersion: v1\nkind: List\nitems:\n"
    for text in texts:
        lines = text.splitlines()
        yield "- " + lines[0] + "\n" + "".join("  " + line + "\n" for line in lines[1:])


def write(folder, count, files, is_list):
    manifests = folder / "manifests"
    manifests.mkdir(parents=True, exist_ok=True)
    for old in manifests.glob("*.yaml"):
        old.unlink()
    for file in range(files):
        texts = [text for n in range(file, count, files) for text in documents(n)]
        parts = as_list(texts) if is_list else ("---\n" + text for text in texts)
        (manifests / f"{file:05}.yaml").write_text("".join(parts))
    (folder / "serin.yaml").write_text(
        "listeners: [{address: 127.0.0.1:0}]\nadmin: {address: 127.0.0.1:0}\nmanifests: [manifests/]\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--files", type=int, default=1)
    parser.add_argument("--list", action="store_true", help="one List a file instead of a document for each object")
    given = parser.parse_args()
    write(given.folder, given.count, given.files, given.list)


if __name__ == "__main__":
    main()
