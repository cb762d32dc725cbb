"""A clock that runs at a pace of its own: event time for a company that lives faster than we do."""

import time
from collections.abc import Callable

SLOWEST = 60.0  # a minute a second
FASTEST = 7 * 86_400.0  # a week a second


class FastClock:
    """Event time (epoch ms) that begins at `at_ms` and runs `speed` times as fast as `real` (seconds)."""

    def __init__(self, at_ms: int, *, speed: float, real: Callable[[], float] = time.monotonic) -> None:
        self._real = real
        self._at_ms = at_ms
        self._since = real()
        self._paused = False
        self._speed = speed

    @property
    def speed(self) -> float:
        """Event time per real time; 0 while it is paused."""
        return 0.0 if self._paused else self._speed

    def now_ms(self) -> int:
        """Return the present instant of event time."""
        return self._at_ms + int((self._real() - self._since) * 1_000 * self.speed)

    def set(self, at_ms: int) -> None:
        """Go on from this instant, at the same speed."""
        self._at_ms, self._since = at_ms, self._real()

    def pause(self) -> None:
        """Stand still, or go on again."""
        self.set(self.now_ms())
        self._paused = not self._paused

    def change(self, factor: float) -> None:
        """Run `factor` times as fast, between a minute and a week of event time a second."""
        self.set(self.now_ms())
        self._speed = min(max(self._speed * factor, SLOWEST), FASTEST)
