"""`rapport up` as a process of its own, on a free port and a directory of the benchmark's."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self

MAIN = "from streams.cli.main import main; main()"
_START_S = 600.0  # the engine may have to be compiled first
_END_S = 120.0


class Server:
    """Start it on entering, end it on leaving. `started_s`: from the start of the process to the open port.

    `recovered`: what it logged about the state taken over.
    """

    def __init__(self, data: Path) -> None:
        self.data = data
        self.url = ""
        self.started_s = 0.0
        self.recovered: dict[str, Any] = {}

    def __enter__(self) -> Self:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("RAPPORT_")}
        began = time.perf_counter()
        with (self.data.parent / "up.log").open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", MAIN, "up", "--data", str(self.data), "--port", "0"],
                stdout=subprocess.DEVNULL,
                stderr=log,
                env=environment,
            )
        while not self.url and time.perf_counter() - began < _START_S and self._process.poll() is None:
            time.sleep(0.02)
            for told in self._log():
                if told["event"] == "recovered":
                    self.recovered = told
                elif told["event"] == "serving":
                    self.url = told["url"]
        self.started_s = time.perf_counter() - began
        if not self.url:
            self._process.kill()
            self._process.wait()
            raise RuntimeError(f"it did not start: {(self.data.parent / 'up.log').read_text()[-2_000:]}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _log(self) -> list[dict[str, Any]]:
        lines = (self.data.parent / "up.log").read_text().splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("\n")]

    def resident_bytes(self) -> int:
        """Return the memory that it holds; 0 where the system does not say."""
        try:
            status = Path(f"/proc/{self._process.pid}/status").read_text().splitlines()
        except OSError:
            return 0
        return next((int(line.split()[1]) * 1024 for line in status if line.startswith("VmRSS:")), 0)

    def cpu_s(self) -> float:
        """Return the CPU time that it has taken; 0 where the system does not say."""
        try:
            fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def behind(self) -> int:
        """Return how many records are stored and not processed at this instant; metrics may be older."""
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
            self.url + "/v1/status"
        ) as answer:
            found: int = json.load(answer)["behind"]
        return found
