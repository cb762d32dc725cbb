"""The live view: a snapshot drawn for a terminal of any size. Pure: the same snapshot gives the same picture.

Everything is laid out in whole lines, so nothing wraps and nothing jumps. What does not fit is left
out, the least important first: alerts, movements, the score, the frame.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from rich.console import Group
from rich.text import Text

from streams.demo.palette import (
    ACCENT,
    AWAY,
    DIRECTIONS,
    FRAME,
    QUIET,
    SEVERITIES,
    STRONG,
    bar,
    columns,
    sparkline,
)
from streams.demo.snapshot import AlertLine, Movement, ScoreFigure, Snapshot, StageBar, length

Lines = list[Text]

_SCORE_WIDTH: Final = 30  # ten columns of two cells and a frame
_TIMED: Final = 100  # from here on a line begins with day and time
_WIDE: Final = 156  # from here on movements and alerts stand side by side
_FRAMED: Final = 2  # lines, and likewise cells, that a frame takes


def render(snapshot: Snapshot, width: int, height: int) -> Group:
    """Draw the snapshot in exactly `height` lines of `width` cells (both at least 1)."""
    lines = [_header(snapshot, width)]
    left = height - 2  # a line each for header and footer
    top_height = min(left, max(len(snapshot.stages), 6) + _FRAMED)
    if top_height > _FRAMED and width >= 20:
        lines += _top(snapshot, width, top_height)
        left -= top_height
    if left > _FRAMED and width >= 20:
        lines += _bottom(snapshot, width, left)
    while len(lines) < height - 1:
        lines.append(_fit(Text(), width))
    if height > 1:
        lines.append(_footer(snapshot, width))
    return Group(*lines)


def _header(snapshot: Snapshot, width: int) -> Text:
    """Say what is shown, and when: the product and the model, the clock, and how much there is."""
    name = Text.assemble((" ● ", ACCENT), ("Rapport", STRONG), (f"  {snapshot.model}", QUIET))
    clock = Text(f"{snapshot.now:%a %d %b %Y  %H:%M}", STRONG)
    pace = Text("paused" if snapshot.pace == 0 else f"{length(snapshot.pace * 1_000)}/s", QUIET)
    many = Text(f"{snapshot.customers:,} customers", STRONG)
    rate = Text(f"{snapshot.touchpoints_per_second:,.0f} touchpoints/s", QUIET)
    for parts in (
        [name, clock, pace, many, rate],
        [name, clock, pace, many],
        [name, clock, many],
        [name, clock],
    ):
        if sum(part.cell_len for part in parts) + 2 * (len(parts) - 1) + 1 <= width:
            return _spread(parts, width)
    return _fit(name, width)


def _footer(snapshot: Snapshot, width: int) -> Text:
    """Say which keys there are, where the page is, how to ask why; the keys give way first, down to one."""
    keys = Text.assemble((" q", STRONG), (" end", QUIET))
    more = Text.assemble(("  space", STRONG), (" pause", QUIET), ("  + -", STRONG), (" speed", QUIET))
    page = Text(snapshot.page, ACCENT)
    hint = Text(_printable(snapshot.hint) + " ", QUIET)
    right = [each for each in (page, hint) if each.cell_len > 1]
    for parts in ([keys + more, *right], [keys, *right], [keys + more, *right[:1]], [keys, *right[:1]]):
        if sum(part.cell_len for part in parts) + 2 * (len(parts) - 1) <= width:
            return _spread(parts, width)
    return _fit(keys + more, width)


def _top(snapshot: Snapshot, width: int, height: int) -> Lines:
    """Draw the stages, and beside them the score where there is room for it."""
    title = (
        f"{snapshot.framework} · where {snapshot.customers:,} customers are"
        if snapshot.framework
        else "stages"
    )
    score = snapshot.score
    if score is None or width < 72:
        return _framed(title, _stages(snapshot.stages, width - 4), width, height)
    score_width = max(_SCORE_WIDTH, min(width * 2 // 5, 46))
    stages_width = width - score_width
    return _beside(
        _framed(title, _stages(snapshot.stages, stages_width - 4), stages_width, height),
        _framed(score.name, _score(score, score_width - 4, height - _FRAMED), score_width, height),
    )


def _bottom(snapshot: Snapshot, width: int, height: int) -> Lines:
    """Draw movements and alerts, side by side where there is room for both."""
    moves_title = f"movements · {snapshot.moves_today:,} today"
    alerts_title = f"alerts · {snapshot.alerts_open:,} open, {snapshot.alerts_today:,} today"
    if width >= _WIDE:
        alerts_width = width * 9 // 20
        moves_width = width - alerts_width
        return _beside(
            _framed(moves_title, _movements(snapshot.movements, moves_width - 4), moves_width, height),
            _framed(alerts_title, _alerts(snapshot.alerts, alerts_width - 4), alerts_width, height),
        )
    alerts_height = height * 5 // 11
    if alerts_height <= _FRAMED:
        return _framed(moves_title, _movements(snapshot.movements, width - 4), width, height)
    moves_height = height - alerts_height
    return [
        *_framed(moves_title, _movements(snapshot.movements, width - 4), width, moves_height),
        *_framed(alerts_title, _alerts(snapshot.alerts, width - 4), width, alerts_height),
    ]


def _stages(stages: Sequence[StageBar], width: int) -> Lines:
    """Draw one line a stage: name, how many, a bar, and the change since a day ago."""
    most = max((stage.customers for stage in stages), default=0)
    name_width = min(max((len(stage.name) for stage in stages), default=0), max(6, width // 3))
    bar_width = width - name_width - 7 - 8
    lines = []
    for stage in stages:
        line = _fit(Text(stage.name, QUIET if stage.exit else ""), name_width)
        line.append(f"{stage.customers:>6,} ", STRONG)
        drawn = bar(stage.customers, most=most, width=bar_width)
        line.append(drawn.ljust(max(bar_width, 0)), AWAY if stage.exit else ACCENT)
        line.append(_change(stage.change).rjust(8) if stage.change else "", QUIET)
        lines.append(line)
    return lines


def _change(change: int) -> str:
    return f"▲ {change:,}" if change > 0 else f"▼ {-change:,}"


def _score(score: ScoreFigure, width: int, height: int) -> Lines:
    """Draw the mean, the distribution in ten columns, and the mean of the last days as a line."""
    if score.mean is None:
        return [Text("nobody has it yet", QUIET)]
    mean = Text.assemble(
        ("mean ", QUIET), (f"{score.mean:.1f}", STRONG), (f" over {score.customers:,}", QUIET)
    )
    cell = max(1, min(4, width // 10))
    chart = [
        Text("".join(mark * (cell - 1) + (mark if cell == 1 else " ") for mark in line), ACCENT)
        for line in columns(score.bins, height=max(1, height - 4))
    ]
    ends = "0".ljust(5 * cell - 1) + "50".ljust(5 * cell - 2) + "100"
    trend = Text.assemble((sparkline(score.days, width=width - 6), ACCENT), (f" {len(score.days)} d", QUIET))
    lines = [mean, *chart, Text(ends, QUIET), Text(), trend]
    return lines if height >= 7 else [mean, *chart]


def _movements(movements: Sequence[Movement], width: int) -> Lines:
    """Draw one line a move, the newest first: direction, customer, from, to, and why."""
    stages = (
        max((len(move.from_stage or "new") + len(move.to_stage or "none") for move in movements), default=0)
        + 3
    )
    lines = []
    for place, move in enumerate(movements):
        sign, colour = DIRECTIONS[move.direction]
        path = Text.assemble(
            (move.from_stage or "new", QUIET), (" → ", colour), (move.to_stage or "none", STRONG)
        )
        line = _time(move.at, width)
        line.append(f"{sign} ", colour)
        line.append(_fit(Text(_printable(move.customer_id), "" if place == 0 else QUIET), 20))
        line.append(_fit(path, min(stages, max(0, width - 24))))
        line.append("  ")
        line.append(_printable(move.why), QUIET)
        lines.append(line)
    return lines


def _alerts(alerts: Sequence[AlertLine], width: int) -> Lines:
    """Draw one line an alert, the newest first: severity and message."""
    lines = []
    for alert in alerts:
        colour = SEVERITIES[alert.severity]
        line = _time(alert.at, width)
        line.append(_fit(Text(alert.severity.value, colour), 10))
        line.append(_printable(alert.message))
        lines.append(line)
    return lines


def _time(at: datetime, width: int) -> Text:
    return Text(f"{at:%d %b %H:%M}  ", QUIET) if width >= _TIMED else Text()


# Lines, frames and columns


def _printable(text: str) -> str:
    """Return the text without what could move the cursor: a customer's name is not ours."""
    return "".join(letter if letter.isprintable() else "·" for letter in text)


def _fit(text: Text, width: int) -> Text:
    """Cut or pad a text to exactly `width` cells; what is cut ends in an ellipsis."""
    fitted = text.copy()
    fitted.truncate(max(width, 0), overflow="ellipsis", pad=True)
    return fitted


def _spread(parts: Sequence[Text], width: int) -> Text:
    """Set the first part to the left, the last to the right, and the others evenly between them."""
    spare = width - sum(part.cell_len for part in parts)
    line = Text()
    for number, part in enumerate(parts):
        line.append(part)
        gaps_left = len(parts) - 1 - number
        if gaps_left:
            gap = spare // gaps_left
            line.append(" " * gap)
            spare -= gap
    return _fit(line, width)


def _framed(title: str, lines: Sequence[Text], width: int, height: int) -> Lines:
    """Draw a frame of exactly `width` by `height` around as many lines as fit."""
    head = _fit(Text(f" {title} ", ACCENT), min(len(title) + 2, width - 4))
    framed = [Text.assemble(("╭─", FRAME), head, ("─" * (width - 3 - head.cell_len) + "╮", FRAME))]
    for number in range(height - _FRAMED):
        inner = lines[number] if number < len(lines) else Text()
        framed.append(Text.assemble(("│ ", FRAME), _fit(inner, width - 4), (" │", FRAME)))
    framed.append(Text("╰" + "─" * (width - 2) + "╯", FRAME))
    return framed


def _beside(left: Lines, right: Lines) -> Lines:
    return [Text.assemble(one, other) for one, other in zip(left, right, strict=True)]
