"""A thread that ends the process when it stands still, because a loop that hangs cannot watch itself.

Standing still is: the event loop does not turn; or there is lag, a flush, a take-over or a rebalance, and
nothing of it moves. A partition that says what its trouble is and tries again does not stand still.
"""

import asyncio
import os
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from streams.instrumentation_worker import WorkerInstrumentation

if TYPE_CHECKING:
    from streams.runtime.kafka.app import WorkerApp

EXIT_STUCK: Final = 71
LOOK_S: Final = 1.0


class Watchdog:
    """Looks once a second; ends the process with code 71 after `limit_s` without progress."""

    def __init__(
        self,
        app: "WorkerApp",
        instrumentation: WorkerInstrumentation,
        *,
        limit_s: float,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._app = app
        self._instrumentation = instrumentation
        self._limit_s = limit_s
        self._loop = loop
        self._turns = 0
        self._deadline: float | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def leave_within(self, seconds: float) -> None:
        """End the process if it is still there then: with the broker away it could not end by itself."""
        if self._deadline is None:
            self._deadline = time.monotonic() + seconds

    def stop(self) -> None:
        """Look no longer."""
        self._stopped.set()

    def _watch(self) -> None:
        turned = moved = time.monotonic()
        turns, sign = -1, None
        while not self._stopped.wait(LOOK_S):
            with suppress(RuntimeError):  # the loop is closed, and what is left is to end the process
                self._loop.call_soon_threadsafe(self._turn)
            now = time.monotonic()
            if self._deadline is not None and now > self._deadline:
                self._end("it was to stop, and cannot", now - self._deadline)
            if self._turns != turns:
                turns, turned = self._turns, now
            if self.sign() != sign or not self.has_work():
                sign, moved = self.sign(), now
            if now - turned > self._limit_s:
                self._end("the event loop does not turn", now - turned)
            if now - moved > self._limit_s:
                self._end("there is work, and nothing moves", now - moved)

    def _turn(self) -> None:
        self._turns += 1

    def sign(self) -> tuple[int, int]:
        """Return numbers that change whenever something is done."""
        partitions = self._app.owners.values()
        return self._app.intake.accepted, sum(each.progress for each in partitions)

    def has_work(self) -> bool:
        """Return whether something should be moving."""
        return self._app.rebalancing or any(each.has_work for each in self._app.owners.values())

    def _end(self, what: str, seconds: float) -> None:
        self._instrumentation.stuck(what=what, seconds=seconds)
        os._exit(EXIT_STUCK)
