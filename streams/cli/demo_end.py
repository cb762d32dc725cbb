"""How the demo is asked to end: by Ctrl-C, a closed terminal or a kill. It ends between two steps."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

_ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Ending:
    """Whether somebody has asked for the end. Call it to know."""

    def __init__(self) -> None:
        self._asked = False

    def __call__(self) -> bool:
        """Return whether it is time to end."""
        return self._asked

    def ask(self) -> None:
        """Ask for the end."""
        self._asked = True


@contextmanager
def ending() -> Iterator[Ending]:
    """Turn the first signal into a request to end; a second one ends at once, as it would without us."""
    end = Ending()
    before = {number: signal.getsignal(number) for number in _ENDING}

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def asked(_number: int, _frame: FrameType | None) -> None:
        end.ask()
        restore()

    for number in _ENDING:
        signal.signal(number, asked)
    try:
        yield end
    finally:
        restore()
