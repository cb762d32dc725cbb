"""When a loop flushes, ticks and wakes: real milliseconds; instants of the log in its own time. Pure."""

from collections.abc import Callable
from typing import Final

import msgspec

NOT_YET: Final = float("-inf")
NOT_AT_ALL: Final = float("inf")
BEHIND_INTERVAL_MS: Final = 2_000
FIRST_STEP_MS: Final = 86_400_000  # of a tick, when there is more time to pass than that
HOUR_MS: Final = 3_600_000
LITTLE: Final = 1_000  # outputs
LONGEST_WAIT_MS: Final = 30_000.0  # the machine's clock may be set, or the machine sleep, in the meantime


class RunSettings(msgspec.Struct, frozen=True, kw_only=True):
    """How the loop goes about it. Durations are in real milliseconds.

    flush_changes: as many records and outputs bring a flush before its interval is over.
    figures_interval_ms: so often the figures about everybody are kept; hour_interval_ms: and no more often,
    where the clock's hours are shorter than that interval.
    clock_speed: milliseconds of the log's clock in one real millisecond (a demo's runs fast).
    """

    chunk_records: int = 2_000
    flush_interval_ms: int = 150
    flush_changes: int = 20_000
    tick_interval_ms: int = 1_000
    retry_ms: int = 5_000
    figures_interval_ms: int = 10_000
    hour_interval_ms: int = 1_000
    clock_speed: float = 1.0


class Schedule:
    """What was done last, and how long the next may wait.

    `clock` gives the log's time (epoch milliseconds), `pace` real time (milliseconds from any origin).
    """

    def __init__(self, settings: RunSettings, *, clock: Callable[[], int], pace: Callable[[], int]) -> None:
        self._settings = settings
        self._clock = clock
        self._pace = pace
        self.is_catching_up = False  # the last tick did not say what time it is, as too much was due
        self._step_ms, self._told = FIRST_STEP_MS, 0
        self._flushing_at = pace()
        self._flushed_at = self._ticked_at = self._figures_at = NOT_YET
        self._figures_hour = -1

    def flushing(self) -> None:
        """A flush begins."""
        self._flushing_at = self._pace()

    def flushed(self) -> None:
        """It was written.

        The interval is from beginning to beginning; but no more than half of the time goes into flushes.
        """
        now_ms = self._pace()
        rested_ms = now_ms + (now_ms - self._flushing_at)
        self._flushed_at = max(self._flushing_at, rested_ms - self._settings.flush_interval_ms)

    def tick(self, due_ms: int, told: int) -> int:
        """Return what a tick that is about to be appended says, when rows are due at `due_ms`.

        That is now; but after a long time it is a day past what is due first, and the next tick follows at
        once, of twice as long while little comes of it. So what a year of silence brings about is told, and
        written, in parts. told: how many outputs there have been, ever.
        """
        now_ms = self._clock()
        brought, self._told = told - self._told, told
        self._step_ms = 2 * self._step_ms if self.is_catching_up and brought <= LITTLE else FIRST_STEP_MS
        said_ms = min(now_ms, due_ms + self._step_ms)
        self.is_catching_up = said_ms < now_ms
        self._ticked_at = NOT_YET if self.is_catching_up else self._pace()
        return said_ms

    def are_figures_due(self) -> bool:
        """Return whether the figures about everybody are to be kept with a flush, and count on that."""
        now_ms, hour = self._pace(), self._clock() // HOUR_MS
        waited_ms, settings = now_ms - self._figures_at, self._settings
        interval_ms = (
            settings.figures_interval_ms if hour == self._figures_hour else settings.hour_interval_ms
        )
        if waited_ms < min(interval_ms, settings.figures_interval_ms):
            return False
        self._figures_at, self._figures_hour = now_ms, hour
        return True

    def flush_wait_ms(self, changes: int, *, behind: bool = False) -> float:
        """Return the time until the next flush when so much has changed; `NOT_AT_ALL` for nothing.

        behind: much was read late already. Then nobody waits for it, and fewer flushes do the same: of a
        customer who changed ten times, the row and the scores are written once.
        """
        if changes == 0:
            return NOT_AT_ALL
        if changes >= self._settings.flush_changes:
            return 0
        interval_ms = self._settings.flush_interval_ms
        if behind:
            interval_ms = max(interval_ms, BEHIND_INTERVAL_MS)
        return self._flushed_at + interval_ms - self._pace()

    def tick_wait_ms(self, due_ms: int) -> float:
        """Return the time until the next tick, when rows are due at `due_ms` of the log's clock."""
        return max(
            (due_ms - self._clock()) / self._settings.clock_speed,
            self._ticked_at + self._settings.tick_interval_ms - self._pace(),
        )
