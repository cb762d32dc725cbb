"""What a partition says of its population: to readers of the figures' topic, and to its worker's metrics.

Figures are a scan of the table, so they are taken every two seconds, with a flush, and less often where that
takes long (half a microsecond for a customer); and once when the partition was taken over, so that its
metrics are whole from the instant it runs.
"""

from collections.abc import Callable
from typing import Final

from schemas.views import PartitionKpis
from streams.engine.instants import NEVER
from streams.population_gauges import PartitionReading
from streams.runtime.kafka.state import PartitionState
from streams.runtime.sizes import Sizes, sizes_of

KPIS_MS: Final = 2_000
KPIS_SHARE: Final = 300  # at most one part in so many of the time goes into a partition's figures,
KPIS_MOST_MS: Final = 10_000  # unless they would be older than this


class Figures:
    """The latest figures of a partition. `pace_ms` is real time from any origin, `clock_ms` the log's time.

    fresh_ms: whatever was appended before this instant is processed. due_ms: when a tick is needed next.
    """

    def __init__(self, *, pace_ms: Callable[[], int], clock_ms: Callable[[], int]) -> None:
        self._pace_ms = pace_ms
        self._clock_ms = clock_ms
        self._taken_ms = pace_ms()
        self._rest_ms = KPIS_MS
        self._told_position = -1  # what those told last include
        self.fresh_ms = clock_ms()  # what waited before is not older to us than that
        self.due_ms = NEVER
        self.latest: tuple[PartitionKpis, Sizes] | None = None

    def take(self, state: PartitionState) -> PartitionKpis:
        """Take the figures of a state as it is now."""
        began_ms = self._pace_ms()
        kpis = state.processor.kpis()
        self.latest = kpis, sizes_of(state.processor, self._clock_ms())
        self._taken_ms = self._pace_ms()
        took_ms = self._taken_ms - began_ms
        self._rest_ms = min(max(KPIS_MS, KPIS_SHARE * took_ms), KPIS_MOST_MS)
        return kpis

    def take_to_tell(self, state: PartitionState) -> PartitionKpis:
        """Take them, and count on their being told with the next flush."""
        self._told_position = state.processor.position
        return self.take(state)

    def has_new(self, state: PartitionState) -> bool:
        """Return whether there is something to tell."""
        return state.processor.position != self._told_position

    def are_due(self, state: PartitionState) -> bool:
        """Return whether there is something to tell, and the last time was long enough ago."""
        return self.has_new(state) and self._pace_ms() - self._taken_ms >= self._rest_ms

    def reading(self, state: PartitionState, *, lag: int) -> PartitionReading | None:
        """Return what the metrics show of a state, `lag` records behind; None while no figures were taken.

        Called from the thread of the metrics: nothing here changes anything.
        """
        if self.latest is None:
            return None
        now_ms = self._clock_ms()
        return PartitionReading(
            kpis=self.latest[0],
            sizes=self.latest[1],
            lag_records=lag,
            lag_seconds=max(0, now_ms - self.fresh_ms) / 1_000 if lag else 0.0,
            overdue_seconds=max(0, now_ms - self.due_ms) / 1_000,
            live_bytes=state.live_bytes or 0,
            stored_bytes=state.stored_bytes,
        )
