"""Text that is broken where it reads best: between its parts, and inside a part only where it must be."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.text import Text

# Where lines may end, the best places first; each pattern is the blank that the end of a line replaces.
LISTS: Final = (r" (?=· )", r"(?<=[^·]) ")
RULES: Final = (r" (?=(?:and|or) )", r" (?=[-+<>=!]+ )", r"(?<=,) ", r" ")


class Wrapped:
    """A paragraph for the terminal, as wide as there is room."""

    def __init__(self, text: str, breaks: Sequence[str], *, style: str = "") -> None:
        self.text = text
        self.breaks = breaks
        self.style = style

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield its lines; a word that is wider than the line is cut."""
        for line in lines(self.text, options.max_width, self.breaks):
            yield Text(line, style=self.style, overflow="fold")

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """Say that any width will do, and how much it would take on one line."""
        return Measurement(1, max(1, cell_len(self.text))).clamp(max_width=options.max_width)


def lines(text: str, width: int, breaks: Sequence[str]) -> Iterator[str]:
    """Yield the lines of `text`; only a word may be wider than `width` cells."""
    if cell_len(text) <= width or not breaks:
        yield text
        return
    line = ""
    for part in re.split(breaks[0], text):
        together = f"{line} {part}" if line else part
        if cell_len(together) <= width:
            line = together
            continue
        if line:
            yield line
        *whole, line = lines(part, width, breaks[1:])
        yield from whole
    yield line
