"""Colours and blocks of the view: one accent, and severities in the colour-blind safe palette of Okabe & Ito.

Nothing is told by colour alone: a word or a sign always says it too.
"""

from collections.abc import Sequence
from typing import Final

from schemas.outputs import MoveDirection, Severity

ACCENT: Final = "#56b4e9"
STRONG: Final = "bold"
QUIET: Final = "grey50"
FRAME: Final = "grey35"
AWAY: Final = "#8c7aa9"

SEVERITIES: Final = {
    Severity.INFO: QUIET,
    Severity.WARNING: "#e69f00",
    Severity.CRITICAL: "bold #d55e00",
}
DIRECTIONS: Final = {
    MoveDirection.FORWARD: ("▲", ACCENT),
    MoveDirection.BACK: ("▼", "#e69f00"),
    MoveDirection.LATERAL: ("◆", QUIET),
}

_EIGHTHS: Final = " ▏▎▍▌▋▊▉█"
_RISING: Final = " ▁▂▃▄▅▆▇█"


def bar(value: float, *, most: float, width: int) -> str:
    """Draw a bar whose full width stands for `most`, to an eighth of a cell; any value above 0 is seen."""
    if value <= 0 or most <= 0 or width <= 0:
        return ""
    eighths = max(1, round(min(value / most, 1.0) * width * 8))
    return "█" * (eighths // 8) + (_EIGHTHS[eighths % 8] if eighths % 8 else "")


def columns(values: Sequence[float], *, height: int) -> list[str]:
    """Draw values side by side as columns `height` lines high, one cell each, the top line first."""
    most = max(values, default=0.0)
    eighths = [max(1, round(value / most * height * 8)) if value > 0 else 0 for value in values]
    return [
        "".join(_RISING[min(8, max(0, each - 8 * level))] for each in eighths)
        for level in range(height - 1, -1, -1)
    ]


def sparkline(values: Sequence[float], *, width: int) -> str:
    """Draw the last `width` values on one line, from their least to their greatest."""
    shown = values[-width:] if width > 0 else ()
    if not shown:
        return ""
    least, most = min(shown), max(shown)
    if most == least:
        return _RISING[4] * len(shown)
    return "".join(_RISING[1 + round((value - least) / (most - least) * 7)] for value in shown)
