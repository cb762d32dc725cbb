"""Panels as Grafana reads them: a few kinds, one look, laid out on a grid of 24 columns.

Colours are those of Okabe and Ito, which people with any colour vision tell apart, for series that are known;
shades of one blue, told apart by lightness, for series that come from a model.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

GOOD, WARN, BAD = "#009E73", "#E69F00", "#D55E00"
BLUE, SKY, PURPLE, GREY, YELLOW = "#0072B2", "#56B4E9", "#CC79A7", "#7F7F7F", "#F0E442"
WIDTH: Final = 24
SOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}

Json = dict[str, Any]


@dataclass(frozen=True)
class Query:
    """A query of Prometheus, and how its series are called. instant: only the value now."""

    expr: str
    legend: str = ""
    instant: bool = False
    format: str = "time_series"


@dataclass(frozen=True)
class Panel:
    """A panel before it has its place. levels: the values from which it is a warning, and bad."""

    kind: str
    title: str
    queries: Sequence[Query]
    what: str
    width: int
    height: int
    unit: str = "short"
    levels: tuple[float, float] | None = None
    colours: Mapping[str, str] = field(default_factory=dict)
    options: Json = field(default_factory=dict)
    defaults: Json = field(default_factory=dict)
    custom: Json = field(default_factory=dict)
    overrides: Sequence[Json] = ()
    transformations: Sequence[Json] = ()
    repeat: str | None = None


def stat(
    title: str,
    expr: str,
    what: str,
    *,
    unit: str = "short",
    levels: tuple[float, float] | None = None,
    width: int = 4,
    trend: bool = True,
    words: Mapping[str, str] | None = None,
) -> Panel:
    """One figure, with its course behind it; `words` stand for values."""
    mappings = (
        [{"type": "value", "options": {value: {"text": text} for value, text in words.items()}}]
        if words
        else []
    )
    return Panel(
        "stat", title, [Query(expr)], what, width, 4, unit, levels,
        options={
            "graphMode": "area" if trend else "none",
            "colorMode": "value" if levels is None else "background",
            "textMode": "value",
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        },
        defaults={"mappings": mappings, "noValue": "none"},
    )  # fmt: skip


def lines(
    title: str,
    queries: Sequence[Query],
    what: str,
    *,
    unit: str = "short",
    width: int = 12,
    height: int = 8,
    stacked: bool = False,
    colours: Mapping[str, str] | None = None,
    levels: tuple[float, float] | None = None,
    step: bool = False,
) -> Panel:
    """Courses over time."""
    custom = {
        "lineWidth": 2,
        "fillOpacity": 35 if stacked else 8,
        "showPoints": "never",
        "lineInterpolation": "stepAfter" if step else "linear",
        "stacking": {"mode": "normal" if stacked else "none", "group": "A"},
        "thresholdsStyle": {"mode": "off" if levels is None else "dashed"},
    }
    options = {
        "legend": {
            "displayMode": "table",
            "placement": "right",
            "calcs": ["lastNotNull", "max"],
            "showLegend": True,
        },
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    return Panel(
        "timeseries", title, queries, what, width, height, unit, levels, colours or {}, options,
        {"min": 0, "noValue": "none"}, custom,
    )  # fmt: skip


def bars(
    title: str,
    query: Query,
    what: str,
    *,
    unit: str = "short",
    width: int = 8,
    height: int = 8,
    top: float | None = None,
    repeat: str | None = None,
) -> Panel:
    """Bars side by side, of the values now, each with its name and figure."""
    options = {
        "displayMode": "basic",
        "orientation": "horizontal",
        "valueMode": "text",
        "showUnfilled": True,
        "minVizHeight": 14,
        "maxVizHeight": 40,
        "namePlacement": "left",
        "sizing": "auto",
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
    }
    defaults: Json = {"min": 0, "noValue": "none", "color": {"mode": "fixed", "fixedColor": BLUE}}
    if top is not None:
        defaults["max"] = top
    return Panel(
        "bargauge",
        title,
        [query],
        what,
        width,
        height,
        unit,
        options=options,
        defaults=defaults,
        repeat=repeat,
    )


def heat(
    title: str, expr: str, what: str, *, width: int = 12, height: int = 8, repeat: str | None = None
) -> Panel:
    """A distribution over time: the darker, the more customers."""
    options = {
        "calculate": False,
        "color": {"mode": "scheme", "scheme": "Blues", "steps": 32, "fill": BLUE, "reverse": False},
        "yAxis": {"unit": "short", "axisPlacement": "left", "min": 0, "max": 100},
        "rowsFrame": {"layout": "le", "value": "customers"},
        "cellGap": 1,
        "tooltip": {"mode": "single", "yHistogram": True},
        "legend": {"show": True},
    }
    queries = [Query(expr, "{{le}}", format="heatmap")]
    return Panel("heatmap", title, queries, what, width, height, options=options, repeat=repeat)


def table(
    title: str,
    query: Query,
    what: str,
    *,
    hidden: Iterable[str] = (),
    names: Mapping[str, str] | None = None,
    unit: str = "short",
    width: int = 12,
    height: int = 8,
) -> Panel:
    """Rows of labels and a figure, the largest first."""
    excluded = dict.fromkeys(["Time", "__name__", "job", *hidden], True)
    renamed = {"Value": "value", **(names or {})}
    transformations = [
        {"id": "organize", "options": {"excludeByName": excluded, "renameByName": renamed}},
        {"id": "sortBy", "options": {"sort": [{"field": renamed["Value"], "desc": True}]}},
    ]
    return Panel(
        "table", title, [query], what, width, height, unit,
        options={"showHeader": True, "cellHeight": "sm"}, defaults={"noValue": "none"},
        transformations=transformations,
    )  # fmt: skip


def phases(title: str, query: Query, what: str, *, width: int = 24, height: int = 7) -> Panel:
    """States over time, one line for each."""
    options = {"showValue": "never", "mergeValues": True, "rowHeight": 0.8, "legend": {"showLegend": False}}
    return Panel(
        "state-timeline", title, [query], what, width, height, options=options,
        defaults={"color": {"mode": "thresholds"}}, levels=(0.5, 2), custom={"fillOpacity": 80},
    )  # fmt: skip


def row(title: str) -> Panel:
    """A heading over what follows."""
    return Panel("row", title, [], "", WIDTH, 1)


def place(panels: Sequence[Panel]) -> list[Json]:
    """Give panels their places: from left to right, and a new line when the line is full."""
    placed, x, y, tallest = [], 0, 0, 0
    for number, panel in enumerate(panels, start=1):
        if x + panel.width > WIDTH:
            x, y, tallest = 0, y + tallest, 0
        placed.append(_json(panel, number, {"h": panel.height, "w": panel.width, "x": x, "y": y}))
        x, tallest = x + panel.width, max(tallest, panel.height)
    return placed


def _json(panel: Panel, number: int, grid: Mapping[str, int]) -> Json:
    if panel.kind == "row":
        return {
            "type": "row",
            "id": number,
            "title": panel.title,
            "collapsed": False,
            "gridPos": grid,
            "panels": [],
        }
    made: Json = {
        "type": panel.kind,
        "id": number,
        "title": panel.title,
        "description": panel.what,
        "datasource": SOURCE,
        "gridPos": grid,
        "targets": [_target(query, place) for place, query in enumerate(panel.queries)],
        "fieldConfig": {"defaults": _defaults(panel), "overrides": [*_colours(panel), *panel.overrides]},
        "options": panel.options,
    }
    if panel.transformations:
        made["transformations"] = list(panel.transformations)
    if panel.repeat:
        made |= {"repeat": panel.repeat, "repeatDirection": "h", "maxPerRow": WIDTH // panel.width}
    return made


def _target(query: Query, place: int) -> Json:
    return {
        "refId": chr(ord("A") + place),
        "datasource": SOURCE,
        "expr": query.expr,
        "legendFormat": query.legend or "__auto",
        "instant": query.instant,
        "range": not query.instant,
        "format": query.format,
    }


def _defaults(panel: Panel) -> Json:
    """Return unit, colour and thresholds: of a panel without levels there is one colour and no verdict."""
    steps: list[Json] = [{"color": BLUE if panel.levels is None else GOOD, "value": None}]
    if panel.levels is not None:
        warn, bad = panel.levels
        steps += [{"color": WARN, "value": warn}, {"color": BAD, "value": bad}]
        if warn > bad:  # the less, the worse
            steps = [
                {"color": BAD, "value": None},
                {"color": WARN, "value": bad},
                {"color": GOOD, "value": warn},
            ]
    mode = {"mode": "shades", "fixedColor": BLUE} if panel.kind == "timeseries" else {"mode": "thresholds"}
    return {
        "unit": panel.unit,
        "color": mode,
        "thresholds": {"mode": "absolute", "steps": steps},
        "custom": panel.custom,
    } | panel.defaults


def _colours(panel: Panel) -> list[Json]:
    return [
        {
            "matcher": {"id": "byName", "options": name},
            "properties": [{"id": "color", "value": {"mode": "fixed", "fixedColor": colour}}],
        }
        for name, colour in panel.colours.items()
    ]
