"""Figures over time: the last of every hour for each partition, and what was counted by day."""

import sqlite3
from collections import defaultdict
from typing import Final, Literal

import msgspec

from schemas.instants import instant, milliseconds
from schemas.population import Flow, KpiPoint
from schemas.views import PartitionKpis
from streams.runtime.kpi_sums import added

Step = Literal["hour", "day"]
What = Literal["moved", "raised", "resolved"]

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
HOURS_OF_DAY: Final = 24
DAYS_KEPT: Final = 400
HOURS_KEPT: Final = 14 * HOURS_OF_DAY  # of older days the last hour stays

_decode: Final = msgspec.json.Decoder(PartitionKpis).decode


def write(connection: sqlite3.Connection, partition: int, figures: PartitionKpis, *, now_ms: int) -> None:
    """Keep the figures of a partition as the last of their hour; with an hour's first, forget what is old.

    now_ms: the log's time, which alone says what is old: figures may be of a wrong instant.
    """
    hour = milliseconds(figures.as_of) // HOUR_MS
    place = (partition, hour)
    known = connection.execute("SELECT 1 FROM kpis WHERE partition = ? AND hour = ?", place).fetchone()
    connection.execute(
        "INSERT INTO kpis (partition, hour, value) VALUES (?, ?, ?) "
        "ON CONFLICT (partition, hour) DO UPDATE SET value = excluded.value",
        (*place, msgspec.json.encode(figures)),
    )
    if known is None:
        _forget(connection, partition, now_ms // HOUR_MS)


def _forget(connection: sqlite3.Connection, partition: int, hour: int) -> None:
    """Of days that lie two weeks back, keep the last hour; of those that lie a year back, nothing."""
    connection.execute(
        "DELETE FROM kpis WHERE partition = ? AND hour < ? AND EXISTS ("
        "SELECT 1 FROM kpis AS later WHERE later.partition = kpis.partition AND later.hour > kpis.hour "
        "AND later.hour < (kpis.hour / 24 + 1) * 24)",
        (partition, hour - HOURS_KEPT),
    )
    oldest = hour // HOURS_OF_DAY - DAYS_KEPT
    connection.execute(
        "DELETE FROM kpis WHERE partition = ? AND hour < ?", (partition, oldest * HOURS_OF_DAY)
    )
    connection.execute("DELETE FROM days WHERE day < ?", (oldest,))


def latest(connection: sqlite3.Connection) -> dict[int, PartitionKpis]:
    """Return the newest figures of each partition."""
    rows = connection.execute(
        "SELECT partition, value FROM kpis JOIN (SELECT partition, max(hour) AS hour FROM kpis "
        "GROUP BY partition) USING (partition, hour)"
    )
    return {partition: _decode(value) for partition, value in rows}


def history(connection: sqlite3.Connection, *, step: Step, limit: int) -> list[KpiPoint]:
    """Return the figures of the last `limit` hours or days in which something was written, oldest first.

    A partition that wrote nothing in a step is in it as it was last.
    """
    width = 1 if step == "hour" else HOURS_OF_DAY
    starts = connection.execute(
        "SELECT DISTINCT hour / ? FROM kpis ORDER BY hour / ? DESC LIMIT ?", (width, width, limit)
    ).fetchall()
    if not starts:
        return []
    standing: dict[int, PartitionKpis] = {}
    earlier = connection.execute(
        "SELECT partition, max(hour), value FROM kpis WHERE hour < ? GROUP BY partition",
        (starts[-1][0] * width,),
    )
    standing.update((partition, _decode(value)) for partition, _, value in earlier)
    written: defaultdict[int, dict[int, bytes]] = defaultdict(dict)
    for partition, hour, value in connection.execute(
        "SELECT partition, hour, value FROM kpis WHERE hour >= ? ORDER BY hour", (starts[-1][0] * width,)
    ):
        written[hour // width][partition] = value
    points = []
    for start in sorted(written):
        standing.update((partition, _decode(value)) for partition, value in written[start].items())
        points.append(KpiPoint(start=instant(start * width * HOUR_MS), kpis=added(standing.values())))
    return points


def moves(connection: sqlite3.Connection, framework: str, *, first_day: int) -> list[Flow]:
    """Return how many moved between the stages of a framework since that UTC day, most frequent first."""
    rows = connection.execute(
        "SELECT detail, sum(count) FROM days WHERE day >= ? AND what = 'moved' AND name = ? "
        "GROUP BY detail ORDER BY sum(count) DESC, detail",
        (first_day, framework),
    )
    found = []
    for detail, count in rows:
        before, _, to = detail.partition(">")
        found.append(Flow(from_stage=before or None, to_stage=to or None, moves=count))
    return found


def counts_by_day(connection: sqlite3.Connection, what: What, *, first_day: int) -> dict[str, dict[int, int]]:
    """Return, by name (of the framework or the alert) and UTC day, how often that was told."""
    found: defaultdict[str, dict[int, int]] = defaultdict(dict)
    for name, day, count in connection.execute(
        "SELECT name, day, sum(count) FROM days WHERE day >= ? AND what = ? GROUP BY name, day ORDER BY day",
        (first_day, what),
    ):
        found[name][day] = count
    return dict(found)
