"""All metrics as Prometheus text: made once for everybody who asks within a moment, and never while sending.

However often it is asked for, making it takes a two-hundredth of the time at most; and a scraper that hangs
holds nothing but its own connection.
"""

import time
from collections.abc import Callable
from threading import Lock
from typing import Final

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

CONTENT_TYPE: Final = CONTENT_TYPE_LATEST
KEPT_S: Final = 0.25
TIMES_ITS_COST: Final = 200


class Exposition:
    """The text of a registry. `pace` is real time in seconds from any origin.

    about: what the text is about; when that is no longer the same, the text is made anew at once, so that
    nobody is told of a partition that another worker tells of already.
    """

    def __init__(
        self,
        registry: CollectorRegistry,
        *,
        pace: Callable[[], float] = time.monotonic,
        about: Callable[[], object] = lambda: None,
    ) -> None:
        self._registry = registry
        self._pace = pace
        self._about = about
        self._made_about: object = None
        self._making = Lock()  # whoever asks meanwhile gets what is being made
        self._good_until = float("-inf")
        self._text = b""

    def text(self) -> bytes:
        """Return metrics that are a quarter of a second old at most, or older where there are very many."""
        with self._making:
            began, about = self._pace(), self._about()
            if began >= self._good_until or about != self._made_about:
                self._text, self._made_about = generate_latest(self._registry), about
                ended = self._pace()
                self._good_until = ended + max(KEPT_S, TIMES_ITS_COST * (ended - began))
            return self._text
