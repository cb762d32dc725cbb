"""Outputs in SQLite: a table per topic, numbered in the order of writing, and what is counted of them.

`engagement.scores.v1` is compacted: one row per customer, the latest; of every update only the scores stay
for a while. The others are kept for as long as their retention says, and are read newest first.
"""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

import msgspec

from schemas.dead_letter import DeadLetter
from schemas.instants import milliseconds
from schemas.outputs import AlertRaised, AlertResolved, StageChanged
from streams import topics
from streams.archive import alert_book
from streams.archive.tables import TOLD
from streams.runtime.outbox import Outbox

DAY_MS: Final = 86_400_000
SCORE_POINTS: Final = "score_points"

# The values of a page, newest first, and the cursor of the page of older ones (None at the end).
Page = tuple[list[bytes], int | None]


class OutputRow(msgspec.Struct, frozen=True, gc=False):
    """One output: its topic, its key, and its value as JSON.

    `about` is what it can be looked up by beside the key: the framework, the alert, the reason. `told` is
    what the value says, for transitions and alerts, which are counted. Among scores, a row without a value
    forgets a customer.
    """

    topic: str
    key: bytes | None
    about: str | None
    value: bytes
    told: StageChanged | AlertRaised | AlertResolved | None = None


class Stored(NamedTuple):
    """An output with its number; numbers of one topic rise, and are never given twice."""

    sequence: int
    key: bytes | None
    value: bytes


def rows_of(outbox: Outbox) -> list[OutputRow]:
    """Return everything that waits to be told as rows."""
    encode = msgspec.json.Encoder().encode
    return [
        *map(dead_letter, outbox.dead_letters),
        *(OutputRow(topics.LATE.name, each.customer_id.encode(), None, encode(each)) for each in outbox.late),
        *(told_row(each, encode(each)) for each in outbox.transitions),
        *(told_row(each, encode(each)) for each in outbox.alerts),
        *(OutputRow(topics.SCORES.name, each.encode(), None, b"") for each in outbox.forgotten),
        *(
            OutputRow(topics.SCORES.name, each.customer_id.encode(), None, each.value)
            for each in outbox.scores
        ),
    ]


def told_row(told: StageChanged | AlertRaised | AlertResolved, value: bytes) -> OutputRow:
    """Return the row of a transition or an alert."""
    if isinstance(told, StageChanged):
        return OutputRow(topics.TRANSITIONS.name, told.customer_id.encode(), told.framework, value, told)
    return OutputRow(topics.ALERTS.name, told.customer_id.encode(), told.alert, value, told)


def insert(connection: sqlite3.Connection, rows: Iterable[OutputRow], *, written_ms: int) -> None:
    """Write outputs in their order; of scores with one key the last stays.

    Scores without a value come first, and forget all that there was of a customer.
    """
    scores: dict[bytes | None, bytes] = {}
    forgotten: list[tuple[bytes | None]] = []
    told: defaultdict[str, list[OutputRow]] = defaultdict(list)
    for row in rows:
        if row.topic == topics.SCORES.name and not row.value:
            forgotten.append((row.key,))
        elif row.topic == topics.SCORES.name:
            scores[row.key] = row.value
        else:
            told[TOLD[row.topic]].append(row)

    for table, members in told.items():
        connection.executemany(
            f"INSERT INTO {table} (key, about, written_ms, value) VALUES (?, ?, ?, ?)",
            [(row.key, row.about, written_ms, row.value) for row in members],
        )
    connection.executemany("DELETE FROM scores WHERE key = ?", forgotten)
    connection.executemany("DELETE FROM score_points WHERE key = ?", forgotten)
    for (key,) in forgotten:
        alert_book.forget(connection, key)
    ordered = sorted(scores, key=lambda key: key or b"")
    connection.executemany(
        "INSERT INTO scores (key, written_ms, value) VALUES (?, ?, ?) "
        "ON CONFLICT (key) DO UPDATE SET written_ms = excluded.written_ms, value = excluded.value",
        [(key, written_ms, scores[key]) for key in ordered],
    )
    connection.executemany(
        "INSERT INTO score_points (key, written_ms, value) VALUES (?, ?, ?)",
        [(key, written_ms, _point(scores[key])) for key in ordered],
    )
    count(connection, told["transitions"] + told["alerts"], written_ms=written_ms)


def count(connection: sqlite3.Connection, rows: Sequence[OutputRow], *, written_ms: int) -> None:
    """Enter alerts into their book, and moves, raised and resolved alerts into the counts of their days."""
    facts = [row.told for row in rows if row.told is not None]
    alerts = [row for row in rows if isinstance(row.told, AlertRaised | AlertResolved)]
    alert_book.enter(connection, alerts, written_ms=written_ms)
    counted = Counter(map(_what, facts))
    connection.executemany(
        "INSERT INTO days (day, what, name, detail, count) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (day, what, name, detail) DO UPDATE SET count = count + excluded.count",
        [(*what, times) for what, times in sorted(counted.items())],
    )


def page(
    connection: sqlite3.Connection,
    table: str,
    *,
    key: bytes | None = None,
    about: str | None = None,
    before: int | None = None,
    limit: int,
) -> Page:
    """Return up to `limit` (1 or more) values of a table of TOLD, newest first.

    `key` and `about` choose; `before` is the cursor of an earlier page.
    """
    conditions = [("key = ?", key), ("about = ?", about), ("sequence < ?", before)]
    chosen = [(text, value) for text, value in conditions if value is not None]
    where = " AND ".join(text for text, _ in chosen) or "TRUE"
    rows = connection.execute(
        f"SELECT sequence, value FROM {table} WHERE {where} ORDER BY sequence DESC LIMIT ?",
        (*(value for _, value in chosen), limit + 1),
    ).fetchall()
    cursor = rows[limit - 1][0] if len(rows) > limit else None
    return [value for _, value in rows[:limit]], cursor


def after(connection: sqlite3.Connection, table: str, sequence: int, *, limit: int) -> list[Stored]:
    """Return up to `limit` outputs of a table of TOLD after that number, in their order."""
    found = connection.execute(
        f"SELECT sequence, key, value FROM {table} WHERE sequence > ? ORDER BY sequence LIMIT ?",
        (sequence, limit),
    )
    return [Stored(*row) for row in found]


def newest(connection: sqlite3.Connection, table: str) -> int:
    """Return the number of the last output of a table of TOLD, expired or not; 0 when there was none."""
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = ?", (table,)).fetchone()
    return row[0] if row else 0


def score(connection: sqlite3.Connection, key: bytes) -> bytes | None:
    """Return the latest score update of the customer `key`, None when there was none."""
    row = connection.execute("SELECT value FROM scores WHERE key = ?", (key,)).fetchone()
    return row[0] if row else None


def expire(connection: sqlite3.Connection, *, before_ms: Callable[[str], int | None], most: int) -> None:
    """Delete, of each topic, the oldest outputs written before `before_ms(topic)`, at most `most`.

    None keeps them for ever. The points of scores go by the retention of transitions.
    """
    tables = [(topic, table) for topic, table in TOLD.items()]
    for topic, table in [*tables, (topics.TRANSITIONS.name, SCORE_POINTS)]:
        limit_ms = before_ms(topic)
        if limit_ms is None:
            continue
        last = 0
        cursor = connection.execute(
            f"SELECT sequence, written_ms FROM {table} ORDER BY sequence LIMIT ?", (most,)
        )
        for sequence, written_ms in cursor:
            if written_ms >= limit_ms:
                break
            last = sequence
        cursor.close()
        if last:
            connection.execute(f"DELETE FROM {table} WHERE sequence <= ?", (last,))
    alerts_before_ms = before_ms(topics.ALERTS.name)
    if alerts_before_ms is not None:
        alert_book.expire(connection, before_ms=alerts_before_ms, most=most)


def dead_letter(letter: DeadLetter) -> OutputRow:
    """Return the row that keeps `letter`."""
    return OutputRow(topics.DEAD_LETTERS.name, letter.key, letter.reason.value, msgspec.json.encode(letter))


class _Scores(msgspec.Struct):
    at: msgspec.Raw
    scores: msgspec.Raw


_scores: Final = msgspec.json.Decoder(_Scores).decode


def _point(update: bytes) -> bytes:
    found = _scores(update)
    return b'{"at":%b,"scores":%b}' % (bytes(found.at), bytes(found.scores))


def _what(told: StageChanged | AlertRaised | AlertResolved) -> tuple[int, str, str, str]:
    day = milliseconds(told.at) // DAY_MS
    if isinstance(told, StageChanged):
        return day, "moved", told.framework, f"{told.from_stage or ''}>{told.to_stage or ''}"
    return day, "raised" if isinstance(told, AlertRaised) else "resolved", told.alert, ""
