"""What the API answers from in one process: the live table of the embedded run, and its log."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Literal

from msgspec.structs import replace

from schemas.pages import Acknowledgement, CustomerLine, CustomerPage, TouchpointPage
from schemas.population import PartitionStatus
from schemas.views import CustomerView, PartitionKpis, Why
from streams.archive.questions import Questions
from streams.dashboard.service import Memory, NotReadyError
from streams.model.definition import Model
from streams.runtime import search
from streams.runtime.embedded.errors import Recovering
from streams.runtime.embedded.log import EmbeddedLog
from streams.runtime.embedded.run import EmbeddedRun
from streams.runtime.search import CustomerQuery

if TYPE_CHECKING:
    from streams.runtime.processor import Processor

# A reader waits this long for what was stored before it asked, so that it sees its own posts.
_PATIENCE_S: Final = 0.1
# With more records behind than this, answers are too old to call the service ready.
_READY_LAG_RECORDS: Final = 20_000
# A search looks no longer than this for one page.
_LOOK_S: Final = 0.025
# Figures are kept for fifty times as long as they took, at most so long: they hold up all others.
_KPIS_S: Final = 5.0
_KPIS_SHARE: Final = 50
# Where they take longer than this, they are made anew beside, and whoever asks meanwhile gets the last ones.
_SLOW_KPIS_S: Final = 0.02


class EmbeddedAnswers:
    """Answers from a run and its log; `trouble` says what keeps touchpoints from being stored."""

    mode: Literal["embedded", "kafka"] = "embedded"

    def __init__(
        self,
        log: EmbeddedLog,
        run: EmbeddedRun,
        model: Model,
        *,
        trouble: Callable[[], str | None] = lambda: None,
    ) -> None:
        self.model = model
        self._log = log
        self._run = run
        self._trouble = trouble
        self._ordered: Processor | None = None  # whose ids are in `_order`
        self._order = search.IdOrder()
        self._searching = threading.Lock()
        self._counting = threading.Lock()  # around the figures
        self._kpis: PartitionKpis | None = None
        self._kpis_until = 0.0
        self._kpis_spare_s = 0.0  # for so long after that they will do until there are new ones
        self._is_counting = False

    def customer(self, customer_id: str) -> CustomerView | None:
        """Return the customer as it is now, with what was stored before the question."""
        with self._current() as processor:
            return processor.customer(customer_id)

    def why(self, customer_id: str) -> Why | None:
        """Say why the customer is where it is."""
        with self._current() as processor:
            return processor.why(customer_id)

    def customers(self, query: CustomerQuery) -> CustomerPage:
        """Return customers in the order of their ids; touchpoints go on between the stretches looked at.

        Raises:
            UnknownName: the model has no such framework, stage or score.
        """
        found: list[CustomerLine] = []
        with self._searching:  # one at a time: several would leave little of the lock to touchpoints
            ends, at_ms = time.monotonic() + _LOOK_S, None
            while True:
                with self._processor() as processor:
                    if self._ordered is not processor:
                        self._ordered, self._order = processor, search.IdOrder()
                    rest = replace(query, limit=query.limit - len(found))
                    at_ms = processor.now_ms if at_ms is None else at_ms  # a look at every clock
                    part = search.find(processor.customer_lane, self._order, rest, at_ms)
                found += part.customers
                if part.last is None or len(found) == query.limit or time.monotonic() > ends:
                    return CustomerPage(customers=found, next=part.last)
                query = replace(query, after=part.last)

    def touchpoints(self, customer_id: str, *, before: int | None, limit: int) -> TouchpointPage:
        """Return what is in the log of a customer, the last stored first."""
        return self._log.queries.touchpoints(customer_id, before=before, limit=limit)

    def kpis(self) -> PartitionKpis:
        """Return the figures about everybody, a second old or less; with many customers a few seconds."""
        with self._counting:
            late_s = time.monotonic() - self._kpis_until
            if self._kpis is None or late_s >= self._kpis_spare_s:
                return self._count()
            if late_s >= 0 and not self._is_counting:
                self._is_counting = True
                threading.Thread(target=self._count_beside, name="figures", daemon=True).start()
            return self._kpis

    def _count(self) -> PartitionKpis:
        """Make the figures anew, and note for how long they are good."""
        began = time.monotonic()
        with self._processor() as processor:
            kpis = processor.kpis()
        took_s = time.monotonic() - began
        good_s = min(_KPIS_S, _KPIS_SHARE * took_s)
        self._kpis, self._kpis_until = kpis, began + took_s + good_s
        self._kpis_spare_s = good_s if took_s > _SLOW_KPIS_S else 0.0
        return kpis

    def _count_beside(self) -> None:
        try:
            self._count()
        except NotReadyError:
            self._kpis = None  # whoever asks next is told
        finally:
            self._is_counting = False

    def partitions(self) -> list[PartitionStatus]:
        """Return the one partition that there is."""
        kpis = self.kpis()
        return [PartitionStatus(partition=0, as_of=kpis.as_of, customers=kpis.customers)]

    def acknowledge(self, alert_id: str, said: Acknowledgement | None) -> bool:
        """Note in the log who looks after an alert."""
        return self._log.acknowledge(alert_id, said)

    @property
    def told(self) -> Questions:
        """What was told, once it is flushed (within the flush interval)."""
        return self._log.queries.told

    def customer_count(self) -> int:
        """Return how many customers there are; the other figures take longer."""
        with self._processor() as processor:
            return sum(1 for _ in processor.customers())

    def memory(self) -> Memory:
        """Return what the table holds in memory."""
        with self._processor() as processor:
            return Memory(row_bytes=processor.customer_lane.table.row_bytes)

    def lag(self) -> int:
        """Return how many stored records are not processed yet."""
        return max(self._log.next_offset - self._run.visible, 0)

    def hindrance(self) -> str | None:
        """Say what keeps the service from taking touchpoints and answering with current figures."""
        if self._run.hindrance is not None:
            return self._run.hindrance
        trouble = self._trouble()
        if trouble is not None:
            return trouble
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
