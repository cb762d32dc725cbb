"""The demo's company: its people act, the embedded run keeps up with them, and nothing happens by itself.

Time goes on only in `play`. What people do until then is in the log before the log's clock says so,
hence no touchpoint is late and none comes from the future, however fast the time goes.
"""

from collections import Counter
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Final

import msgspec
from prometheus_client import CollectorRegistry

from schemas.views import PartitionKpis
from streams.demo.life import DAY_MS, WITHOUT_END, Moment
from streams.demo.population import touchpoints
from streams.instrumentation import Instrumentation
from streams.model.definition import Model
from streams.runtime.embedded.log import EmbeddedLog
from streams.runtime.embedded.run import EmbeddedRun, RunSettings
from streams.runtime.processor import Processor

OPENING_MS: Final = (
    1_790_812_800_000  # 1 October 2026, so that the first days live are those before Christmas
)
HISTORY_DAYS: Final = 60
STRIDE_MS: Final = DAY_MS  # history is played day by day
_ORIGIN: Final = "demo.json"


class ForeignDirectoryError(Exception):
    """The directory holds something else than this demo: choose another with --data, or remove it."""


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """What makes a population; kept beside its data, so that it can go on where it ended."""

    seed: int = 7
    customers: int = 3_000


class _About(msgspec.Struct):
    customer_id: str


class Company:
    """A population on a log. `now_ms` is its present: everything before it has happened."""

    def __init__(self, log: EmbeddedLog, model: Model, origin: Origin) -> None:
        self.log = log
        self.model = model
        self.origin = origin
        self.now_ms = _last_instant(log, otherwise_ms=OPENING_MS)
        self.begun_ms = self.now_ms
        self.played = 0
        self._strides = 0  # the run's measure of real time: it ticks and flushes once a stride
        self.registry = CollectorRegistry()
        self.instrumentation = Instrumentation(model, build=version("rapport"), registry=self.registry)
        self.run = EmbeddedRun(
            log,
            model,
            lambda: Processor(model),
            clock=lambda: self.now_ms,
            instrumentation=self.instrumentation,
            pace=lambda: self._strides,
            settings=RunSettings(tick_interval_ms=1, flush_interval_ms=1, figures_interval_ms=1),
        )
        self.run.recover()
        self._stream = self._from_now_on()
        self._next = next(self._stream)

    def play(self, until_ms: int) -> int:
        """Let everything up to this instant (epoch ms) happen; return how many touchpoints that was."""
        items = []
        while self._next[0] <= until_ms:
            items.append((_customer(self._next[1]), self._next[1]))
            self._next = next(self._stream)
        self.now_ms = max(self.now_ms, until_ms)
        self._strides += 1
        if items:
            self.log.append(items, self.now_ms)
        while self.run.step():
            pass
        self.played += len(items)
        return len(items)

    def kpis(self) -> PartitionKpis:
        """Return the figures about everybody, now."""
        with self.run.processor() as processor:
            return processor.kpis()

    def told(self) -> dict[str, Counter[str]]:
        """Count what was told since the start: `transitions` by framework, `alerts` raised by name."""
        counts: dict[str, Counter[str]] = {"transitions": Counter(), "alerts": Counter()}
        labels = {
            "engagement_transitions_total": ("transitions", "framework"),
            "engagement_alerts_raised_total": ("alerts", "alert"),
        }
        for metric in self.registry.collect():
            for sample in metric.samples:
                if sample.name in labels:
                    what, label = labels[sample.name]
                    counts[what][sample.labels[label]] += int(sample.value)
        return counts

    def close(self) -> None:
        """Write what is not yet written."""
        self.run.flush()

    def _from_now_on(self) -> Iterator[Moment]:
        """Give what people do after the present instant; what was played before is passed over."""
        stream = touchpoints(
            seed=self.origin.seed, customers=self.origin.customers, start_ms=OPENING_MS, end_ms=WITHOUT_END
        )
        yield from (moment for moment in stream if moment[0] > self.begun_ms)
        yield (WITHOUT_END, b"")  # everybody's story is over


def settled(directory: Path, *, seed: int | None, customers: int | None) -> Origin:
    """Return the origin of the demo in this directory, or write down that of a new one.

    Raises:
        ForeignDirectoryError: the directory holds other data, or a demo of other people.
        OSError: it cannot be read or written.
    """
    path = directory / _ORIGIN
    if path.exists():
        kept = _origin(path)
        asked = Origin(seed=kept.seed if seed is None else seed, customers=customers or kept.customers)
        if asked != kept:
            raise ForeignDirectoryError(
                f"{directory} holds a demo with --seed {kept.seed} --customers {kept.customers}. "
                "Go on with that one by leaving both out, or choose another directory with --data."
            )
        return kept
    if directory.exists() and any(directory.iterdir()):
        raise ForeignDirectoryError(
            f"{directory} is not empty, and not from a demo. Invented customers would mix with what is "
            "there: choose another directory with --data."
        )
    default = Origin()
    origin = Origin(seed=default.seed if seed is None else seed, customers=customers or default.customers)
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.write_bytes(msgspec.json.encode(origin) + b"\n")
    return origin


def _origin(path: Path) -> Origin:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Origin)
    except msgspec.MsgspecError as error:
        raise ForeignDirectoryError(f"{path} cannot be read: {error}") from error


def _last_instant(log: EmbeddedLog, *, otherwise_ms: int) -> int:
    """Return the append time of the newest record (epoch ms)."""
    records = log.read(log.next_offset - 1, 1) if log.next_offset else []
    return records[-1].appended_ms if records else otherwise_ms


_about: Final = msgspec.json.Decoder(_About)


def _customer(body: bytes) -> bytes:
    return _about.decode(body).customer_id.encode()
