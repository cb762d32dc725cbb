"""A customer's explanation as a page for the terminal.

Whatever a tracker sent is shown as text: no markup, no control characters.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from schemas.instants import instant
from schemas.outputs import Contribution
from schemas.views import CustomerView, RecentChange, ScoreWhy, StageReading, StageWhy, Why
from streams.cli.wrapped import LISTS, RULES, Wrapped

_BAR_CELLS: Final = 20
_MOST_CONTRIBUTIONS: Final = 3
_DURATIONS: Final = ("since(", "until(", "tenure", "rhythm")  # terms that outputs carry in milliseconds
_CHANGES: Final = {"stage": "stage", "alert_raised": "alert raised", "alert_resolved": "alert resolved"}
_AT_ONCE: Final = timedelta(seconds=1)  # due as soon as this: only a bound, set by a touchpoint just read
_INSTANTS: Final = ("first(", "last(")


def show(view: CustomerView, why: Why, console: Console) -> None:
    """Print who it is, and why: stages, scores, alerts, what changed last, what can change next."""
    console.print(_head(view))
    for title, part in (
        ("Stages", _stages(view, why)),
        ("Scores", _scores(why.scores)),
        ("Dimensions", _scores(why.dimensions)),
        ("Signals", _signals(view)),
        ("Open alerts", _alerts(view, why)),
        ("Last changes", _recent(view)),
    ):
        if part is not None:
            console.print(Text(f"\n{title}", style="bold cyan"))
            console.print(Padding(part, (0, 0, 0, 2), expand=False))
    console.print(Text(f"\n{_next(view)}", style="dim"))


def plain(text: str) -> str:
    """Make text safe to print: what is not printable is written as an escape."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def moment(at: datetime) -> str:
    """Write an instant to the second, in UTC."""
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def length(span: timedelta) -> str:
    """Write a duration in its largest unit: `3 days`, `1 hour`, `0 seconds`."""
    seconds = abs(int(span.total_seconds()))
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= size:
            return _counted(seconds // size, unit)
    return _counted(seconds, "second")


def _head(view: CustomerView) -> RenderableType:
    name = Text(plain(view.customer_id), style="bold")
    known = ("as of", view.as_of), ("first seen", view.first), ("last", view.last)
    facts = [f"{what} {moment(at)}" for what, at in known if at is not None]
    seen = Wrapped(" · ".join(facts), LISTS, style="dim")
    return Group(name, seen)


def _stages(view: CustomerView, why: Why) -> RenderableType | None:
    parts = [_stage(name, stage, view.as_of) for name, stage in why.stages.items()]
    return Group(*parts) if parts else None


def _stage(framework: str, why: StageWhy, as_of: datetime) -> RenderableType:
    line = Text()
    line.append(f"{plain(framework)}  ", style="dim")
    line.append(_stage_name(why.stage), style="bold green")
    line.append(f"  since {moment(why.since)} ({length(as_of - why.since)})", style="dim")
    parts: list[RenderableType] = [line]
    if why.rule not in ("", "always"):
        parts.append(_indented(f"because {plain(why.rule)}", RULES))
    if why.values:
        parts.append(_indented(_values(why.values), LISTS, style="dim"))
    if why.others:
        parts.append(Padding(_others(why.stage, why.others), (0, 0, 0, 2), expand=False))
    return Group(*parts)


def _others(stage: str | list[str] | None, others: Mapping[str, StageReading]) -> RenderableType:
    """Lay out the rules of the other stages, open from `stage` or not, with what they read now."""
    table = Table.grid(padding=(0, 1))
    table.add_column()
    table.add_column(no_wrap=True)
    table.add_column()
    for name, reading in others.items():
        barred = bool(reading.from_stages) and stage not in reading.from_stages
        mark = Text("✓", style="green") if reading.holds and not barred else Text("✗", style="dim")
        parts = [Wrapped(plain(reading.rule), RULES)]
        if barred:
            parts.append(Wrapped(f"only from {' or '.join(map(plain, reading.from_stages))}", (" ",)))
        if reading.values:
            parts.append(Wrapped(_values(reading.values), LISTS, style="dim"))
        table.add_row(mark, Text(plain(name)), Group(*parts))
    return table


def _stage_name(stage: str | list[str] | None) -> str:
    if isinstance(stage, list):
        return ", ".join(map(plain, stage)) or "none"
    return "not placed yet" if stage is None else plain(stage)


def _values(values: Mapping[str, float | str | None]) -> str:
    return " · ".join(f"{plain(term)} = {_value(term, value)}" for term, value in values.items())


def _value(term: str, value: float | str | None) -> str:
    if value is None:
        return "absent"
    if isinstance(value, str):
        return plain(value)
    if term.startswith(_DURATIONS):
        return length(timedelta(milliseconds=value))
    if term.startswith(_INSTANTS):
        return moment(instant(int(value)))
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def _scores(scores: Mapping[str, ScoreWhy]) -> RenderableType | None:
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(justify="right")
    table.add_column(no_wrap=True)
    table.add_column()
    for name, score in scores.items():
        shown = "absent" if score.value is None else f"{score.value:.1f}"
        made = Wrapped(_contributions(score.touchpoints), LISTS, style="dim")
        table.add_row(Text(plain(name)), shown, _bar(score.value or 0.0), made)
    return table if scores else None


def _bar(value: float) -> Text:
    filled = round(value / 100 * _BAR_CELLS)
    return Text.assemble(("━" * filled, "cyan"), ("┄" * (_BAR_CELLS - filled), "dim"))


def _contributions(touchpoints: Iterable[Contribution]) -> str:
    largest = [each for each in touchpoints if each.share >= 0.005][:_MOST_CONTRIBUTIONS]
    return " · ".join(f"{plain(each.event)} {each.share:.0%}" for each in largest)


def _signals(view: CustomerView) -> RenderableType | None:
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(justify="right")
    table.add_column(justify="right")
    table.add_column()
    for name, signal in view.signals.items():
        amount = "" if signal.sum in (0, signal.count) else f"{signal.sum:,.2f}"
        last = Text(f"last {moment(signal.last)}", style="dim")
        table.add_row(Text(plain(name)), _counted(signal.count, "time"), amount, last)
    for question, answer in view.answers.items():
        table.add_row(
            Text(plain(question)), "answered", f"{answer.value:g}", Text(moment(answer.at), style="dim")
        )
    return table if view.signals or view.answers else None


def _alerts(view: CustomerView, why: Why) -> RenderableType | None:
    parts: list[RenderableType] = []
    for alert in view.open_alerts:
        line = Text.assemble((plain(alert.alert), "bold red"), (f"  since {moment(alert.since)}", "dim"))
        parts.append(line)
        reading = why.alerts.get(alert.alert)
        if reading is not None:
            parts += [
                _indented(f"because {plain(reading.rule)}", RULES),
                _indented(_values(reading.values), LISTS, style="dim"),
            ]
    return Group(*parts) if parts else None


def _recent(view: CustomerView) -> RenderableType | None:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim")
    table.add_column()
    for change in sorted(view.recent, key=lambda change: change.at, reverse=True):
        table.add_row(moment(change.at), Text(_change(change)))
    return table if view.recent else None


def _change(change: RecentChange) -> str:
    what = f"{_CHANGES.get(change.kind, plain(change.kind))}  {plain(change.what)}"
    return what if change.to is None else f"{what} → {plain(change.to)}"


def _next(view: CustomerView) -> str:
    if view.next_due is None:
        return "Nothing changes by itself: only a new touchpoint can."
    if view.next_due <= view.as_of + _AT_ONCE:
        return "When it can next change by itself is worked out about a minute after its last touchpoint."
    return f"Next change by itself not before {moment(view.next_due)}."


def _indented(text: str, breaks: Sequence[str], *, style: str = "") -> RenderableType:
    return Padding(Wrapped(text, breaks, style=style), (0, 0, 0, 2), expand=False)


def _counted(number: int, unit: str) -> str:
    return f"{number:,} {unit}{'' if number == 1 else 's'}"
