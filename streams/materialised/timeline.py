"""Recent touchpoints of each customer, as they were sent, where `dashboard_timeline` is on."""

import sqlite3
from collections.abc import Iterable
from typing import Final

from schemas.pages import TouchpointPage
from streams.archive.touchpoint_line import sent
from streams.materialised.arrival import Touch

KEPT_OF_EACH: Final = 200


def is_deletion(value: bytes) -> bool:
    """Return whether a touchpoint asks to forget its customer; those that do say so in plain letters."""
    if b"delete" not in value:
        return False
    said = sent(value)
    return said is not None and (said.kind, said.subject) == ("delete", "customer")


def is_about_customer(value: bytes) -> bool:
    """Return whether a touchpoint is about a customer; an account may have the same id."""
    said = sent(value) if b"subject" in value else None
    return said is None or said.subject == "customer"


def forget(connection: sqlite3.Connection, key: bytes) -> None:
    """Forget the touchpoints of a customer."""
    connection.execute("DELETE FROM timeline WHERE key = ?", (key,))


def write(connection: sqlite3.Connection, touches: Iterable[Touch]) -> None:
    """Write customers' touchpoints in their order, and keep the last few of each customer."""
    rows = [(each.key, each.written_ms, each.value) for each in touches if is_about_customer(each.value)]
    connection.executemany("INSERT INTO timeline (key, written_ms, value) VALUES (?, ?, ?)", rows)
    connection.executemany(
        "DELETE FROM timeline WHERE key = ?1 AND sequence <= ("
        "SELECT sequence FROM timeline WHERE key = ?1 ORDER BY sequence DESC LIMIT 1 OFFSET ?2)",
        [(key, KEPT_OF_EACH) for key in {row[0] for row in rows}],
    )


def page(
    connection: sqlite3.Connection, customer_id: str, *, before: int | None, limit: int
) -> TouchpointPage:
    """Return a customer's touchpoints, the last stored first; `before` is the cursor of an earlier page."""
    rows = connection.execute(
        "SELECT sequence, value FROM timeline WHERE key = ? AND sequence < ? ORDER BY sequence DESC LIMIT ?",
        (customer_id.encode(), 1 << 62 if before is None else before, limit + 1),
    ).fetchall()
    found = [sent(value) for _, value in rows[:limit]]
    return TouchpointPage(
        touchpoints=[each.line() for each in found if each is not None and each.subject == "customer"],
        next=str(rows[limit - 1][0]) if len(rows) > limit else None,
    )


def expire(connection: sqlite3.Connection, *, before_ms: int, most: int) -> None:
    """Delete the oldest touchpoints written before that instant, at most so many."""
    connection.execute(
        "DELETE FROM timeline WHERE sequence IN ("
        "SELECT sequence FROM (SELECT sequence, written_ms FROM timeline ORDER BY sequence LIMIT ?) "
        "WHERE written_ms < ?)",
        (most, before_ms),
    )
