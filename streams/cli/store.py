"""Where the HTTP edge stores what is posted: the embedded log."""

import time
from collections.abc import Callable, Sequence
from typing import Final

from anyio import CapacityLimiter, to_thread

from schemas.dead_letter import DeadLetter
from streams.ingest.http import StoreUnavailableError
from streams.instrumentation import Instrumentation
from streams.runtime.embedded.errors import LogError
from streams.runtime.embedded.log import EmbeddedLog

# Appends that wait together share one commit, so more threads than cores are worth having.
_APPENDS_AT_ONCE: Final = 32
# After a failed append the service is not ready for this long; then it is tried again.
_TROUBLE_S: Final = 5.0


class EmbeddedStore:
    """A log to append to. `clock` gives the append time (epoch milliseconds)."""

    def __init__(
        self, log: EmbeddedLog, *, clock: Callable[[], int], instrumentation: Instrumentation
    ) -> None:
        self._log = log
        self._clock = clock
        self._instrumentation = instrumentation
        self._limiter: CapacityLimiter | None = None  # made in the event loop that it serves
        self._trouble: tuple[float, LogError] | None = None

    @property
    def trouble(self) -> str | None:
        """What kept an append from being durable a moment ago."""
        if self._trouble is not None and time.monotonic() - self._trouble[0] < _TROUBLE_S:
            return str(self._trouble[1])
        return None

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
