"""Alerts from their raising on: whether they are resolved, and who looks after them."""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from schemas.instants import milliseconds
from schemas.outputs import AlertRaised, AlertResolved
from schemas.pages import Acknowledgement, AlertEntry

if TYPE_CHECKING:
    from streams.archive.outputs import OutputRow

State = Literal["open", "resolved", "event", "all"]

_COLUMNS: Final = "sequence, about, raised, resolved, acknowledged"
_raised: Final = msgspec.json.Decoder(AlertRaised).decode
_resolved: Final = msgspec.json.Decoder(AlertResolved).decode
_acknowledged: Final = msgspec.json.Decoder(Acknowledgement).decode


class AlertQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which alerts to list, the last raised first: at most `limit` of those before the cursor `before`.

    `states` names the alerts of the model that are resolved one day; the others tell of events. None lets
    everything through.
    """

    states: frozenset[str]
    state: State = "all"
    customer: str | None = None
    alert: str | None = None
    severity: str | None = None
    acknowledged: bool | None = None
    before: int | None = None
    limit: int = 100


def enter(connection: sqlite3.Connection, rows: Iterable["OutputRow"], *, written_ms: int) -> None:
    """Enter alerts raised and resolved, in their order; one that is known already changes nothing."""
    for row in rows:
        told = row.told
        if isinstance(told, AlertRaised):
            connection.execute(
                "INSERT OR IGNORE INTO alert_book (id, key, about, severity, lasting, written_ms, raised) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (told.id, row.key, told.alert, told.severity.value, _lasts(told), written_ms, row.value),
            )
        elif isinstance(told, AlertResolved):
            connection.execute(
                "UPDATE alert_book SET resolved_ms = ?, resolved = ? WHERE id = ? AND resolved_ms IS NULL",
                (milliseconds(told.at), row.value, told.raised_id),
            )


def find(connection: sqlite3.Connection, query: AlertQuery) -> tuple[list[AlertEntry], int | None]:
    """Return the alerts of a page, and the cursor of the page of older ones (None at the end)."""
    conditions: list[tuple[str, Sequence[object]]] = []
    states = sorted(query.states)
    marks = ", ".join("?" * len(states))
    if query.state in {"open", "resolved"}:
        conditions.append((f"resolved_ms IS {'' if query.state == 'open' else 'NOT '}NULL", ()))
        conditions.append((f"about IN ({marks})", states))
    elif query.state == "event":
        conditions.append((f"about NOT IN ({marks})", states))
    if query.customer is not None:
        conditions.append(("key = ?", (query.customer.encode(),)))
    if query.alert is not None:
        conditions.append(("about = ?", (query.alert,)))
    if query.severity is not None:
        conditions.append(("severity = ?", (query.severity,)))
    if query.acknowledged is not None:
        conditions.append((f"acknowledged IS {'NOT ' if query.acknowledged else ''}NULL", ()))
    if query.before is not None:
        conditions.append(("sequence < ?", (query.before,)))
    where = " AND ".join(text for text, _ in conditions) or "TRUE"
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM alert_book WHERE {where} ORDER BY sequence DESC LIMIT ?",
        (*(value for _, values in conditions for value in values), query.limit + 1),
    ).fetchall()
    cursor = rows[query.limit - 1][0] if len(rows) > query.limit else None
    return [_entry(row, query.states) for row in rows[: query.limit]], cursor


def one(connection: sqlite3.Connection, alert_id: str, states: frozenset[str]) -> AlertEntry | None:
    """Return the alert of that id, None if it is not known."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM alert_book WHERE id = ?", (alert_id,)).fetchone()
    return None if row is None else _entry(row, states)


def acknowledge(connection: sqlite3.Connection, alert_id: str, said: Acknowledgement | None) -> bool:
    """Note who looks after an alert, or (None) that nobody does; return whether there is such an alert."""
    value = None if said is None else msgspec.json.encode(said)
    changed = connection.execute("UPDATE alert_book SET acknowledged = ? WHERE id = ?", (value, alert_id))
    return changed.rowcount == 1


def forget(connection: sqlite3.Connection, key: bytes | None) -> None:
    """Delete the open alerts of one who was deleted: nobody will tell that they are over."""
    connection.execute("DELETE FROM alert_book WHERE key = ? AND lasting AND resolved_ms IS NULL", (key,))


def expire(connection: sqlite3.Connection, *, before_ms: int, most: int) -> None:
    """Delete the oldest alerts written before that instant, at most so many; those that are open stay."""
    connection.execute(
        "DELETE FROM alert_book WHERE sequence IN ("
        "SELECT sequence FROM alert_book WHERE (lasting = 0 OR resolved_ms IS NOT NULL) AND written_ms < ? "
        "ORDER BY written_ms LIMIT ?)",
        (before_ms, most),
    )


def _lasts(raised: AlertRaised) -> bool:
    """Return whether an alert is open until it is resolved; one that tells of an event says upon what."""
    return not raised.because.rule.startswith("upon ")


def _entry(row: tuple[int, str, bytes, bytes | None, bytes | None], states: frozenset[str]) -> AlertEntry:
    _, about, raised, resolved, acknowledged = row
    state = "event" if about not in states else "open" if resolved is None else "resolved"
    return AlertEntry(
        state=state,
        raised=_raised(raised),
        resolved=None if resolved is None else _resolved(resolved),
        acknowledged=None if acknowledged is None else _acknowledged(acknowledged),
    )
