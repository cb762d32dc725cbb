"""How much one caller may ask, and how many event streams may be open: both bounded, both without waiting."""

import time
from collections.abc import Callable
from typing import Final

BURST: Final = 4  # seconds' worth of requests that may come at once
MOST_CALLERS: Final = 10_000

_ROUNDING_S: Final = 1e-6


class RequestRate:
    """A token bucket for each caller: `per_second` requests, and four times as many (at least one) at once.

    A bucket is kept as the instant at which it will be full again, so one that is full needs no keeping.
    Where more callers than `most_callers` are busy at once, the bucket of the one that has been quiet for
    longest is forgotten, which lets that one ask anew.
    """

    def __init__(
        self,
        per_second: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        most_callers: int = MOST_CALLERS,
    ) -> None:
        self._each_s = 1 / per_second
        self._burst_s = max(BURST, self._each_s)
        self._clock = clock
        self._most = most_callers
        self._full_at: dict[str, float] = {}  # in the order in which callers last asked

    def __len__(self) -> int:
        """Return how many callers are kept."""
        return len(self._full_at)

    def wait_s(self, caller: str) -> float:
        """Count a request; 0 lets it in, otherwise it was not counted and may come again after so long."""
        now = self._clock()
        self._forget(now)
        full_at = max(self._full_at.get(caller, now), now) + self._each_s
        wait = full_at - now - self._burst_s
        if wait > _ROUNDING_S:
            return wait
        self._full_at.pop(caller, None)  # to the end
        self._full_at[caller] = full_at
        return 0.0

    def _forget(self, now: float) -> None:
        """Drop the full ones at the front: two for each request, so that nobody pays for all of them."""
        for _ in range(2):
            quiet = next(iter(self._full_at), None)
            if quiet is None:
                return
            if self._full_at[quiet] <= now or len(self._full_at) > self._most:
                del self._full_at[quiet]


class StreamPlaces:
    """The places for open event streams. A stream takes one before it begins and gives it back at its end."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.taken = 0

    def take(self) -> bool:
        """Take a place; False when there is none."""
        if self.taken >= self.most:
            return False
        self.taken += 1
        return True

    def give_back(self) -> None:
        """Give a place back."""
        self.taken -= 1
