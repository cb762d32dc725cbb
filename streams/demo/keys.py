"""Single keys from the terminal, without waiting for a line and without showing what is typed."""

import os
import select
import sys
import termios
import tty
from types import TracebackType
from typing import Self, TextIO


class Keys:
    """The keyboard while the view is shown; leaves the terminal as it found it.

    Where `keyboard` is no terminal there are simply no keys.
    """

    def __init__(self, keyboard: TextIO = sys.stdin) -> None:
        self._terminal = keyboard.fileno() if keyboard.isatty() else None
        self._before: list[int | list[bytes | int]] | None = None

    def __enter__(self) -> Self:
        if self._terminal is not None:
            self._before = termios.tcgetattr(self._terminal)
            tty.setcbreak(self._terminal)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._terminal is not None and self._before is not None:
            termios.tcsetattr(self._terminal, termios.TCSADRAIN, self._before)

    def pressed(self, *, within_s: float) -> str:
        """Return what was typed within so many seconds, as soon as there is something; else nothing."""
        ready, _, _ = select.select(
            [] if self._terminal is None else [self._terminal], [], [], max(within_s, 0)
        )
        if not ready or self._terminal is None:
            return ""
        return os.read(self._terminal, 64).decode(errors="replace")
