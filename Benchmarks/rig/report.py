"""Numbers into Markdown, and the figures the project holds itself to."""

from __future__ import annotations

from dataclasses import dataclass

REFERENCES = ["relay", "nginx", "haproxy"]


@dataclass(frozen=True)
class Figure:
    """`value` is a path scenario/proxy/figure; `over` one or more of them, of which the smallest divides it."""

    label: str
    value: str
    must: float
    aim: float | None
    over: tuple[str, ...] = ()
    unit: str = ""


FIGURES = [
    Figure("GET 100 B, CPU/request ÷ relay", "get100/serin/cpu", 1.20, 1.10, ("get100/relay/cpu",)),
    Figure("GET 100 B, CPU/request ÷ HAProxy", "get100/serin/cpu", 0.87, 0.80, ("get100/haproxy/cpu",)),
    Figure("GET 1 MiB ÷ HAProxy", "get1m/serin/cpu", 0.85, 0.65, ("get1m/haproxy/cpu",)),
    Figure("GET 1 MiB ÷ relay", "get1m/serin/cpu", 1.10, 0.75, ("get1m/relay/cpu",)),
    Figure("POST 64 KiB ÷ HAProxy", "post64k/serin/cpu", 0.90, 0.70, ("post64k/haproxy/cpu",)),
    Figure("POST 64 KiB ÷ relay", "post64k/serin/cpu", 1.35, 1.00, ("post64k/relay/cpu",)),
    Figure("connection per request ÷ the better of nginx, HAProxy", "close/serin/cpu", 0.95, 0.80,
           ("close/nginx/cpu", "close/haproxy/cpu")),
    Figure("GET 100 B over TLS ÷ the better of nginx, HAProxy", "tls100/serin/cpu", 0.95, 0.85, ("tls100/nginx/cpu", "tls100/haproxy/cpu")),
    Figure("GET 1 MiB over TLS ÷ the better", "tls1m/serin/cpu", 1.05, 0.90, ("tls1m/nginx/cpu", "tls1m/haproxy/cpu")),
    Figure("full TLS handshake per request ÷ the better", "handshake/serin/cpu", 1.05, 0.95, ("handshake/nginx/cpu", "handshake/haproxy/cpu")),
    Figure("resumed TLS handshake per request ÷ the better", "resume/serin/cpu", 1.05, 0.95, ("resume/nginx/cpu", "resume/haproxy/cpu")),
    Figure("RSS per idle TLS connection ÷ nginx", "idletls/serin/bytes per connection", 0.80, None,
           ("idletls/nginx/bytes per connection",)),
    Figure("64 KiB JSON by gzip, level 1 ÷ nginx", "gzip/serin/cpu", 1.05, 0.90, ("gzip/nginx/cpu",)),
    Figure("RSS per idle keep-alive connection", "idle/serin/bytes per connection", 771, 400, unit=" B"),
    Figure("system calls per keep-alive GET", "syscalls/serin/total", 4.3, None),
    Figure("heap allocations per keep-alive GET", "allocations/serin/per request", 2, 0),
    Figure("route lookup, 64 hot hosts, 10 000 ÷ 64 routes", "micro/route lookup, 10 000 routes/nanoseconds", 1.5, 1.1,
           ("micro/route lookup, 64 routes/nanoseconds",)),
]


def figures(scenarios: dict) -> list[dict]:
    """The table of musts. What was not measured in this run is None."""

    def find(path: str) -> float | None:
        scenario, proxy, name = path.split("/")
        return scenarios.get(scenario, {}).get("proxies", {}).get(proxy, {}).get("median", {}).get(name)

    table = []
    for figure in FIGURES:
        value, below = find(figure.value), [find(path) for path in figure.over]
        if value is None or None in below:
            measured = None
        else:
            measured = value / min(below) if below else value
        table.append({"figure": figure.label, "measured": measured, "must": figure.must, "aim": figure.aim,
                      "unit": figure.unit, "met": None if measured is None else measured <= figure.must})
    return table


def markdown(results: dict) -> str:
    about, versions = results["machine"], results["versions"]
    named = ", ".join(f"{name} {version}".strip() for name, version in versions.items())
    lines = [
        f"{about['cpu']}, Linux {about['kernel']}; proxy on one core, load and origins on another; {named}.",
        f"Medians of {results['rounds']} alternating rounds, {results['seconds']} s of load each; in brackets the range.",
    ]
    for scenario in results["scenarios"].values():
        lines += ["", f"**{scenario['title']}**", "", *_table(scenario)]
    if any(row["met"] is not None for row in results["figures"]):
        lines += ["", "**Figures**", "", *_figures(results["figures"])]
    return "\n".join(lines)


def _table(scenario: dict) -> list[str]:
    kinds = {"flow": _flow, "idle": _idle, "system calls": _counts, "allocations": _counts, "micro": _micro}
    return kinds[scenario["kind"]](scenario["proxies"])


def _flow(proxies: dict) -> list[str]:
    references = [name for name in REFERENCES if name in proxies]
    header = ["proxy", "CPU µs/request", "requests/s", "p50 µs", "p99 µs", "RSS MiB", *(f"÷ {name}" for name in references)]
    rows = []
    for name, measured in proxies.items():
        middle = measured["median"]
        note = f" ({middle['errors']:.0f} socket errors)" if middle["errors"] else ""
        rows.append([
            name + note, _with_range(measured, "cpu", 2), f"{middle['rate']:.0f}", f"{middle['p50']:.0f}",
            f"{middle['p99']:.0f}", f"{middle['rss'] / 2**20:.1f}",
            *(f"{middle['cpu'] / proxies[other]['median']['cpu']:.2f}" for other in references),
        ])
    return _rows(header, rows)


def _idle(proxies: dict) -> list[str]:
    header = ["proxy", "bytes per connection", "RSS with the first 1000, MiB", "RSS with all, MiB"]
    rows = []
    for name, measured in proxies.items():
        middle = measured["median"]
        rows.append([name, _with_range(measured, "bytes per connection", 0),
                     f"{middle['before'] / 2**20:.1f}", f"{middle['after'] / 2**20:.1f}"])
    return _rows(header, rows)


def _counts(proxies: dict) -> list[str]:
    header = ["proxy", "per request", "of these"]
    rows = []
    for name, measured in proxies.items():
        (first, total), *rest = measured["median"].items()
        parts = sorted(rest, key=lambda item: -item[1])
        rows.append([name, f"{total:.2f}", ", ".join(f"{call} {count:.2f}" for call, count in parts)])
    return _rows(header, rows)


def _micro(operations: dict) -> list[str]:
    rows = [[name, _with_range(measured, "nanoseconds", 1), f"{measured['median']['allocations']:.2f}"]
            for name, measured in operations.items()]
    return _rows(["operation", "ns", "allocations"], rows)


def _figures(table: list[dict]) -> list[str]:
    def number(value: float | None, unit: str) -> str:
        if value is None:
            return "–"
        return (f"{value:.0f}" if abs(value) >= 100 else f"{value:.2f}") + unit

    rows = []
    for row in table:
        met = "not measured" if row["met"] is None else ("yes" if row["met"] else "**no**")
        if row["met"] and row["aim"] is not None and row["measured"] <= row["aim"]:
            met = "yes, and the aim"
        rows.append([row["figure"], number(row["measured"], row["unit"]), "≤ " + number(row["must"], row["unit"]),
                     "≤ " + number(row["aim"], row["unit"]) if row["aim"] is not None else "–", met])
    return _rows(["figure, same run", "measured", "must", "aim", "met"], rows)


def _with_range(measured: dict, name: str, digits: int) -> str:
    values = [figures[name] for figures in measured["rounds"]]
    text = f"{measured['median'][name]:.{digits}f}"
    return text if len(values) == 1 else f"{text} ({min(values):.{digits}f}–{max(values):.{digits}f})"


def _rows(header: list[str], rows: list[list[str]]) -> list[str]:
    return ["| " + " | ".join(line) + " |" for line in [header, ["---"] * len(header), *rows]]
