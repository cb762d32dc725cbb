"""Workers as processes of their own on a broker of the tests: started, asked, hit by signals."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

from tests.kafka.broker import Broker
from tests.kafka.conftest import Fresh

MAIN: Final = ("-c", "from streams.cli.main import main; main()", "worker")
CHILD: Final = ("-m", "tests.kafka.worker_child")
FAULTY: Final = ("-m", "tests.kafka.faulty_child")
ROOT: Final = Path(__file__).parents[2]
HASTY: Final = ROOT / "tests" / "data" / "hasty.yaml"
START_S: Final = 300.0  # the engine may have to be compiled first
LOOK_S: Final = 0.2
_SAMPLE: Final = re.compile(r"^(\w+)(?:\{(.*)\})? ([-+.\deE]+)$")
_QUIET: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Stopped(NamedTuple):
    """How a worker ended."""

    code: int
    seconds: float


def wait_for(what: str, holds: Callable[[], bool], *, timeout_s: float = 120.0) -> None:
    """Return when something holds.

    Raises:
        AssertionError: it did not in time.
    """
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline, f"not within {timeout_s} s: {what}"
        time.sleep(LOOK_S)


class Member:
    """One worker. `log`: what it said on standard error, of all its lives that had this name."""

    def __init__(self, name: str, log: Path, environment: dict[str, str], child: Sequence[str]) -> None:
        self.name = name
        self.log = log
        self._begins = log.stat().st_size if log.exists() else 0
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, *(child or MAIN)],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # a stopped process would hang up those of its group
            )

    @property
    def alive(self) -> bool:
        """Whether the process has not ended."""
        return self.process.poll() is None

    def told(self, event: str | None = None) -> list[dict[str, Any]]:
        """Return what it said in this life, or of that what is about `event`."""
        lines = self.log.read_bytes()[self._begins :].decode(errors="replace").splitlines()
        found = [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]
        return [each for each in found if event is None or each.get("event") == event]

    def tail(self, lines: int = 25) -> str:
        """Return the last lines of its log."""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])

    def ask(self, path: str) -> tuple[int, str]:
        """Return status and body of a page; status 0 when it does not answer."""
        served = self.told("serving")
        if not served:
            return 0, ""
        try:
            with _QUIET.open(served[0]["url"] + path, timeout=2) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    @property
    def hindrance(self) -> str | None:
        """What /readyz says keeps it from working; None when it is ready."""
        status, body = self.ask("/readyz")
        return None if status == 200 else (json.loads(body)["reason"] if body else "it does not answer")

    def metrics(self, name: str) -> dict[str, float]:
        """Return the samples of a metric, by their labels."""
        lines = self.ask("/metrics")[1].splitlines()
        found = (match for match in map(_SAMPLE.match, lines) if match is not None and match[1] == name)
        return {match[2] or "": float(match[3]) for match in found}

    def owns(self) -> int:
        """Return how many partitions it has."""
        assigned = self.told("assigned")
        return len(assigned[-1]["partitions"]) if assigned else 0

    def wait_until_ready(self, timeout_s: float = START_S) -> None:
        """Return when it has its partitions and works on them.

        Raises:
            AssertionError: it ended, or was not ready in time.
        """
        deadline = time.monotonic() + timeout_s
        while (hindrance := self.hindrance) is not None:
            assert self.alive, f"{self.name} ended with {self.process.returncode}:\n{self.tail()}"
            assert time.monotonic() < deadline, f"{self.name} is not ready: {hindrance}\n{self.tail()}"
            time.sleep(LOOK_S)

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def wait(self, timeout_s: float = 60.0) -> int:
        """Return its exit code, when it has ended."""
        try:
            return self.process.wait(timeout_s)
        except subprocess.TimeoutExpired as error:
            raise AssertionError(f"{self.name} did not end in {timeout_s} s:\n{self.tail()}") from error

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()
        self.wait()

    def stop(self) -> Stopped:
        """Tell it to end tidily, and return how it did."""
        began = time.monotonic()
        self.send(signal.SIGTERM)
        code = self.wait()
        return Stopped(code, time.monotonic() - began)


class Fleet:
    """The workers of one application; all of them are gone when its context ends."""

    def __init__(
        self, broker: Broker, fresh: Fresh, directory: Path, /, *, partitions: int, **settings: str
    ) -> None:
        """settings: those of the workers, as in `rapport.toml`, in text."""
        self.broker = broker
        self.fresh = fresh
        self.partitions = partitions
        self.members: list[Member] = []
        self._directory = directory
        own = {name: value for name, value in os.environ.items() if not name.startswith("RAPPORT_")}
        chosen = {
            "broker": broker.bootstrap, "app": fresh.app, "topic_prefix": fresh.prefix, "model": str(HASTY),
            "metrics_port": "0", "session_timeout_ms": "3000",
            "watchdog_s": "60", **settings,
        }  # fmt: skip
        self._environment = own | {f"RAPPORT_{name.upper()}": value for name, value in chosen.items()}
        broker.create_public_topics(fresh.app, partitions=partitions, prefix=fresh.prefix)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for member in self.members:
            if member.alive:
                member.kill()
            if error is not None:
                sys.stderr.write(f"---- {member.name}\n{member.tail(60)}\n")

    @property
    def alive(self) -> list[Member]:
        """The workers that have not ended."""
        return [member for member in self.members if member.alive]

    def start(
        self, count: int = 1, *, dies_at: tuple[str, int] | None = None, fault: Sequence[str] = ()
    ) -> list[Member]:
        """Start workers, and return them at once.

        dies_at: a step of a flush, and which occurrence of it. fault: as `faulty_child` takes it.
        """
        child = [] if dies_at is None else [*CHILD, dies_at[0], str(dies_at[1])]
        child = [*FAULTY, *fault] if fault else child
        added = []
        for _ in range(count):
            name = f"worker {len(self.members)}"
            log = self._directory / f"{name.replace(' ', '-')}.log"
            added.append(Member(name, log, self._environment, child))
            self.members.append(added[-1])
        return added

    def wait_until_ready(self, timeout_s: float = START_S) -> None:
        """Return when the living workers own every partition between them, and work on each."""
        deadline = time.monotonic() + timeout_s
        while True:
            for member in self.alive:
                member.wait_until_ready(max(1.0, deadline - time.monotonic()))
            owned = [member.owns() for member in self.alive]
            if sum(owned) == self.partitions and all(each.hindrance is None for each in self.alive):
                return
            assert self.alive, f"no worker is left:\n{self.members[-1].tail()}"
            assert time.monotonic() < deadline, f"they own {owned} of {self.partitions}"
            time.sleep(LOOK_S)


@contextmanager
def paused(member: Member) -> Iterator[None]:
    """Stop a worker's clock (SIGSTOP) and let it go on (SIGCONT)."""
    member.send(signal.SIGSTOP)
    try:
        yield
    finally:
        member.send(signal.SIGCONT)
