"""All metrics as Prometheus text: made once for everybody who asks within a moment, and never while sending.

However often it is asked for, making it takes a two-hundredth of a processor's time, until it takes more than
25 milliseconds; then it is made every five seconds. Waiting for a lock costs nobody anything, so it is not
counted. A scraper that hangs holds nothing but its own connection.
"""

import time
from collections.abc import Callable
from threading import Lock
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
KEPT_S: Final = 0.25
MOST_KEPT_S: Final = 5.0
TIMES_ITS_COST: Final = 200


class Exposition:
    """The text of a registry. `pace` is real time in seconds, `spent` what this thread computed of it.

    about: what the text is about; when that is no longer the same, the text is made anew at once, so that
    nobody is told of a partition that another worker tells of already.
    """

    def __init__(
        self,
        registry: CollectorRegistry,
        *,
        pace: Callable[[], float] = time.monotonic,
        spent: Callable[[], float] = time.thread_time,
        about: Callable[[], object] = lambda: None,
    ) -> None:
        self._registry = registry
        self._pace = pace
        self._spent = spent
        self._about = about
        self._made_about: object = None
        self._making = Lock()  # whoever asks meanwhile gets what is being made
        self._good_until = float("-inf")
        self._text = b""

    def text(self) -> bytes:
        """Return metrics that are a quarter of a second old at most, or 5 s where there are very many."""
        with self._making:
            about = self._about()
            if self._pace() >= self._good_until or about != self._made_about:
                began = self._spent()
                self._text, self._made_about = generate_latest(self._registry), about
                cost = self._spent() - began
                self._good_until = self._pace() + min(MOST_KEPT_S, max(KEPT_S, TIMES_ITS_COST * cost))
            return self._text
