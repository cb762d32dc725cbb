"""`rapport up` as a process of its own, and questions to it over HTTP."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

MAIN = "from streams.cli.main import main; main()"
START_S = 300.0  # the engine may have to be compiled first, on a busy machine


def environment(**variables: str) -> dict[str, str]:
    """The environment without settings of the machine, so that the tests' own hold."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RAPPORT_")}
    return kept | variables


def run_command(
    *arguments: str, timeout_s: float = START_S, **variables: str
) -> subprocess.CompletedProcess[str]:
    """Run `rapport` to its end."""
    return subprocess.run(
        [sys.executable, "-c", MAIN, *arguments],
        capture_output=True,
        text=True,
        timeout=timeout_s,
        env=environment(**variables),
        check=False,
    )


class Up:
    """A running `rapport up` on a free port; `told` holds the lines of its log."""

    def __init__(self, data: Path, *arguments: str, env: Mapping[str, str] | None = None) -> None:
        self.data = data
        self.told: list[dict[str, Any]] = []
        self.process = subprocess.Popen(
            [sys.executable, "-c", MAIN, "up", "--data", str(data), "--port", "0", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(**(env or {})),
        )
        self._serving = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if not self._serving.wait(START_S) or not self._url():
            self.kill()
            raise AssertionError(f"it did not start: {self.told}")
        self.client = httpx.Client(base_url=self._url(), timeout=30, trust_env=False)

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            try:
                self.told.append(json.loads(line))
            except json.JSONDecodeError:
                self.told.append({"event": "no JSON", "line": line})
            if self.told[-1]["event"] == "serving":
                self._serving.set()
        self._serving.set()  # it ended: nobody waits for nothing

    def _url(self) -> str:
        return next((line["url"] for line in self.told if line["event"] == "serving"), "")

    def events(self) -> list[str]:
        """The happenings that were logged, in order."""
        return [line["event"] for line in self.told]

    def post(self, *items: dict[str, Any]) -> httpx.Response:
        """Post touchpoints as an array."""
        return self.client.post("/v1/touchpoints", json=list(items))

    def end(self, signal_number: int) -> tuple[int, str]:
        """Send a signal; return exit code and standard output."""
        self.process.send_signal(signal_number)
        assert self.process.stdout is not None
        with self.process.stdout as stdout:
            said = stdout.read()
        code = self.process.wait(30)
        self._reader.join(30)
        return code, said

    def kill(self) -> None:
        """End it as a crash would; a process that has ended stays ended."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(30)
        self._reader.join(30)
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()


def touchpoint(message_id: str, customer_id: str = "ada", **fields: Any) -> dict[str, Any]:
    """A page view of this very second."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    given = {"message_id": message_id, "customer_id": customer_id, "event": "Page Viewed", "timestamp": now}
    return given | fields


def until(holds: Callable[[], bool], *, deadline_s: float = 20.0) -> None:
    """Ask again and again, each time over HTTP, until it holds."""
    deadline = time.monotonic() + deadline_s
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError("it never came true")


StartUp = Callable[..., Up]
