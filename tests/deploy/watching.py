"""A real Prometheus and a real Alertmanager on loopback, in a hurry, and a receiver of their alerts."""

import json
import re
import socket
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import yaml

from tests.cli.process import until
from tests.deploy.prometheus import DIRECTORY, tool

INTERVAL = "250ms"
WINDOW = "3s"  # in place of minutes and hours
START_S = 30.0


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


class Receiver:
    """Keeps what Alertmanager posts to it: alerts, by the path that they came on."""

    def __init__(self) -> None:
        self.alerts: list[tuple[str, dict[str, Any]]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                """Keep the alerts."""
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                receiver.alerts += [(self.path, alert) for alert in body["alerts"]]
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *arguments: object) -> None:
                """Say nothing of each request."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Where alerts are to be posted, without the path."""
        return f"http://127.0.0.1:{self.server.server_port}"

    def has(self, status: str, **labels: str) -> bool:
        """Return whether an alert with these labels came as `firing`, or as `resolved`."""
        return any(
            alert["status"] == status and labels.items() <= (alert["labels"] | {"path": path}).items()
            for path, alert in self.alerts
        )

    def close(self) -> None:
        """Receive no more."""
        self.server.shutdown()
        self.server.server_close()


class Watching(NamedTuple):
    """Prometheus, asked over HTTP, and who receives its alerts."""

    client: httpx.Client
    receiver: Receiver

    def ask(self, expr: str) -> list[tuple[dict[str, str], float]]:
        """Return labels and value of each series that an expression gives now."""
        answer = self.client.get("/api/v1/query", params={"query": expr}).json()
        assert answer["status"] == "success", answer
        return [(each["metric"], float(each["value"][1])) for each in answer["data"]["result"]]


def _in_a_hurry(text: str) -> str:
    """Return rules that look back seconds, and fire at once."""
    text = re.sub(r"\[\d+[mh]\]", f"[{WINDOW}]", text)
    return re.sub(r"for: \d+[mh]", "for: 0s", text)


def _configuration(directory: Path, *, target: str, alertmanager: int) -> Path:
    """Write the project's rules and the example configuration with one target; return its path."""
    rules = directory / "rules"
    rules.mkdir()
    for path in (DIRECTORY / "rules").glob("*.yml"):
        (rules / path.name).write_text(_in_a_hurry(path.read_text(encoding="utf-8")), encoding="utf-8")
    chosen = yaml.safe_load((DIRECTORY / "prometheus.yml").read_text(encoding="utf-8"))
    chosen["global"] = {
        "scrape_interval": INTERVAL,
        "scrape_timeout": INTERVAL,
        "evaluation_interval": INTERVAL,
    }
    chosen["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"] = [f"127.0.0.1:{alertmanager}"]
    chosen["scrape_configs"] = chosen["scrape_configs"][:1]
    chosen["scrape_configs"][0]["static_configs"][0]["targets"] = [target]
    file = directory / "prometheus.yml"
    file.write_text(yaml.safe_dump(chosen), encoding="utf-8")
    return file


def _routes(directory: Path, receiver: Receiver) -> Path:
    """Write the example routes, with our receiver and without patience."""
    text = (DIRECTORY / "alertmanager.yml").read_text(encoding="utf-8")
    text = re.sub(r"group_wait: \w+", "group_wait: 100ms", text)
    text = re.sub(r"group_interval: \w+", "group_interval: 500ms", text)
    file = directory / "alertmanager.yml"
    file.write_text(re.sub(r"http://127\.0\.0\.1:\d+", receiver.url, text), encoding="utf-8")
    return file


@contextmanager
def _running(command: Sequence[str | Path], log: Path) -> "Iterator[subprocess.Popen[bytes]]":
    with log.open("wb") as written:
        process = subprocess.Popen(list(map(str, command)), stdout=written, stderr=written)
    try:
        yield process
    finally:
        process.kill()
        process.wait(START_S)


@contextmanager
def watching(directory: Path, target: str) -> Iterator[Watching]:
    """Have `target` (host:port) watched; everything is gone at the end."""
    prometheus, alertmanager, receiver = free_port(), free_port(), Receiver()
    configuration = _configuration(directory, target=target, alertmanager=alertmanager)
    routes = _routes(directory, receiver)
    first = [
        tool("prometheus-alertmanager"), f"--config.file={routes}", f"--storage.path={directory / 'am'}",
        f"--web.listen-address=127.0.0.1:{alertmanager}", "--cluster.listen-address=",
    ]  # fmt: skip
    second = [
        tool("prometheus"), f"--config.file={configuration}", f"--storage.tsdb.path={directory / 'tsdb'}",
        f"--web.listen-address=127.0.0.1:{prometheus}",
    ]  # fmt: skip
    with (
        _running(first, directory / "alertmanager.log"),
        _running(second, directory / "prometheus.log"),
        httpx.Client(base_url=f"http://127.0.0.1:{prometheus}", timeout=10, trust_env=False) as client,
        httpx.Client(base_url=f"http://127.0.0.1:{alertmanager}", timeout=10, trust_env=False) as other,
    ):
        try:
            for each in (client, other):
                until(lambda asked=each: _answers(asked), deadline_s=START_S)
            yield Watching(client, receiver)
        finally:
            receiver.close()


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/-/ready").status_code == 200
    except httpx.TransportError:
        return False
