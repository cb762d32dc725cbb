"""The embedded run as the HTTP edge sees it: where posted items go, and what the API answers from."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import msgspec
from anyio import CapacityLimiter, to_thread

from schemas.dead_letter import DeadLetter
from schemas.http import AlertPage, TransitionPage
from schemas.outputs import AlertRaised, AlertResolved, StageChanged
from schemas.touchpoint import Subject
from schemas.views import CustomerView, PartitionKpis, Why
from streams.dashboard.service import Memory, NotReadyError, PageQuery
from streams.engine import ground
from streams.ingest.http import StoreUnavailableError
from streams.instrumentation import Instrumentation
from streams.model.definition import Model
from streams.runtime.embedded.errors import LogError, Recovering
from streams.runtime.embedded.log import EmbeddedLog
from streams.runtime.embedded.run import EmbeddedRun

if TYPE_CHECKING:
    from streams.runtime.processor import Processor

# Appends that wait together share one commit, so more threads than cores are worth having.
_APPENDS_AT_ONCE: Final = 32
# A reader waits this long for what was stored before it asked, so that it sees its own posts.
_PATIENCE_S: Final = 0.1
# With more records behind than this, answers are too old to call the service ready.
_READY_LAG_RECORDS: Final = 20_000
# After a failed append the service is not ready for this long; then it is tried again.
_TROUBLE_S: Final = 5.0

_TRANSITION: Final = msgspec.json.Decoder(StageChanged)
_ALERT: Final = msgspec.json.Decoder(AlertRaised | AlertResolved)


class EmbeddedService:
    """A log and its run. `clock` gives the append time (epoch milliseconds)."""

    def __init__(
        self,
        log: EmbeddedLog,
        run: EmbeddedRun,
        model: Model,
        *,
        clock: Callable[[], int],
        instrumentation: Instrumentation,
    ) -> None:
        self.model = model
        self._log = log
        self._run = run
        self._clock = clock
        self._instrumentation = instrumentation
        self._limiter: CapacityLimiter | None = None  # made in the event loop that it serves
        self._trouble: tuple[float, LogError] | None = None

    # Where posted items go

    async def store(self, records: Sequence[tuple[bytes, bytes]], letters: Sequence[DeadLetter]) -> None:
        """Make records and dead letters durable, all or none; other requests go on meanwhile.

        Raises:
            StoreUnavailableError: Nothing was stored.
        """
        if not records and not letters:
            return
        if self._limiter is None:
            self._limiter = CapacityLimiter(_APPENDS_AT_ONCE)
        await to_thread.run_sync(self._append, records, letters, limiter=self._limiter)

    def _append(self, records: Sequence[tuple[bytes, bytes]], letters: Sequence[DeadLetter]) -> None:
        started = time.monotonic()
        try:
            self._log.append(records, self._clock(), refused=letters)
        except LogError as error:
            self._trouble = (time.monotonic(), error)
            self._instrumentation.append_failed(records=len(records), error=error)
            raise StoreUnavailableError(str(error)) from error
        self._trouble = None
        self._instrumentation.appended(seconds=time.monotonic() - started)

    # What the API answers from

    def customer(self, customer_id: str) -> CustomerView | None:
        """Return the customer as it is now, with what was stored before the question."""
        with self._current() as processor:
            return processor.customer(customer_id)

    def why(self, customer_id: str) -> Why | None:
        """Say why the customer is where it is."""
        with self._current() as processor:
            return processor.why(customer_id)

    def kpis(self) -> PartitionKpis:
        """Return the figures about everybody."""
        with self._processor() as processor:
            return processor.kpis()

    def customers(self) -> int:
        """Return how many customers there are; the other figures take longer."""
        with self._processor() as processor:
            return sum(1 for _ in processor.customers())

    def memory(self) -> Memory:
        """Return what the table holds in memory, all kinds of subjects together."""
        with self._processor() as processor:
            lanes = processor.lanes
            cursors = [lane.table.ground.cursor for lane in lanes.values()]
            return Memory(
                row_bytes=lanes[Subject.CUSTOMER].table.row_bytes,
                ids_remembered=sum(int(cursor[ground.IDS]) for cursor in cursors),
                ids_evicted_early=sum(int(cursor[ground.IDS_EVICTED]) for cursor in cursors),
            )

    def transitions(self, query: PageQuery) -> TransitionPage:
        """List transitions that are flushed (within the flush interval), newest first."""
        values, cursor = self._log.queries.transitions(
            customer_id=query.customer, framework=query.name, before=query.before, limit=query.limit
        )
        return TransitionPage(transitions=[_TRANSITION.decode(value) for value in values], next=_text(cursor))

    def alerts(self, query: PageQuery) -> AlertPage:
        """List alerts that are flushed (within the flush interval), newest first."""
        values, cursor = self._log.queries.alerts(
            customer_id=query.customer, alert=query.name, before=query.before, limit=query.limit
        )
        return AlertPage(alerts=[_ALERT.decode(value) for value in values], next=_text(cursor))

    def lag(self) -> int:
        """Return how many stored records are not processed yet."""
        return max(self._log.next_offset - self._run.visible, 0)

    def hindrance(self) -> str | None:
        """Say what keeps the service from taking touchpoints and answering with current figures."""
        if self._run.hindrance is not None:
            return self._run.hindrance
        if self._trouble is not None and time.monotonic() - self._trouble[0] < _TROUBLE_S:
            return str(self._trouble[1])
        lag = self.lag()
        if lag > _READY_LAG_RECORDS:
            return f"{lag} stored records are not processed yet"
        return None

    @contextmanager
    def _current(self) -> "Iterator[Processor]":
        self._run.wait_visible(self._log.next_offset - 1, timeout_s=_PATIENCE_S)
        with self._processor() as processor:
            yield processor

    @contextmanager
    def _processor(self) -> "Iterator[Processor]":
        try:
            with self._run.processor() as processor:
                yield processor
        except Recovering as error:
            raise NotReadyError(str(error)) from error


def _text(cursor: int | None) -> str | None:
    return None if cursor is None else str(cursor)
