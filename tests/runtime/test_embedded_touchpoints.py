"""A customer's touchpoints in the log: each of them on exactly one page, whatever the pages are cut by."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.pages import TouchpointLine, TouchpointPage
from streams.runtime.embedded import database, inputs, touchpoints
from streams.runtime.embedded.inputs import Damaged, Item
from streams.runtime.embedded.log import EmbeddedLog

AT = datetime(2026, 3, 1, tzinfo=UTC)


def item(number: int, customer: str = "a", **fields: object) -> Item:
    """A stored touchpoint."""
    sent = {"message_id": f"m{number}", "customer_id": customer, "event": "Page Viewed", "timestamp": AT}
    return customer.encode(), msgspec.json.encode(sent | fields)


@contextmanager
def stored(parts: list[list[Item]]) -> Iterator[sqlite3.Connection]:
    """Give a file's tables with these appends."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute(database.TABLES_OF_A_LOG["input"])
    first = 0
    for part in parts:
        first = inputs.insert(connection, inputs.rows(part), first=first, appended_ms=1)
    try:
        yield connection
    finally:
        connection.close()


def every_page(connection: sqlite3.Connection, key: bytes, limit: int) -> list[TouchpointLine]:
    """Return what all pages have, one after the other."""
    lines: list[TouchpointLine] = []
    before: int | None = None
    while True:
        page = touchpoints.find(connection, key, before=before, limit=limit)
        assert len(page.touchpoints) <= limit
        lines += page.touchpoints
        if page.next is None:
            return lines
        assert before is None or int(page.next) < before
        before = int(page.next)


# Ids that are within one another, so that bytes of one are found where the other is.
PARTS = st.lists(st.lists(st.sampled_from(["a", "aa", "b", "a/b"]), max_size=12), max_size=12)


@given(parts=PARTS, limit=st.integers(1, 8), rows=st.integers(1, 4), row_items=st.integers(1, 5))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_touchpoint_is_on_one_page(
    parts: list[list[str]], limit: int, rows: int, row_items: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last stored first; pages end at their limit, or after so many rows looked at."""
    monkeypatch.setattr(touchpoints, "ROWS_LOOKED_AT", rows)
    monkeypatch.setattr(inputs, "_ROW_ITEMS", row_items)
    names = [name for part in parts for name in part]
    numbers = iter(range(len(names)))

    with stored([[item(next(numbers), name) for name in part] for part in parts]) as connection:
        found = [line.message_id for line in every_page(connection, b"a", limit)]

    assert found == [f"m{number}" for number in reversed(range(len(names))) if names[number] == "a"]


@pytest.mark.parametrize("large", [1, 3])
def test_a_page_ends_after_so_many_bytes(large: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may have nothing, and a cursor that goes on behind them."""
    monkeypatch.setattr(touchpoints, "BYTES_LOOKED_AT", 2_000)
    theirs = [[item(number, "b", properties={"text": "x" * 1_100})] for number in range(1, large + 1)]

    with stored([[item(0)], *theirs]) as connection:
        page = touchpoints.find(connection, b"a", before=None, limit=5)
        everything = every_page(connection, b"a", 5)

    assert (page.touchpoints == []) == (large == 3)
    assert (page.next is not None) == (large == 3)
    assert [line.message_id for line in everything] == ["m0"]


def test_what_was_before_a_deletion_is_not_shown() -> None:
    """As on Kafka: whoever asks to be forgotten begins anew."""
    with stored([[item(0), item(1, kind="delete")], [item(2)]]) as connection:
        found = every_page(connection, b"a", 5)

    assert [line.message_id for line in found] == ["m2", "m1"]


def test_an_account_of_the_same_id_is_somebody_else() -> None:
    """A key is of the subject, whatever that is."""
    with stored([[item(0), item(1, subject="account", account_id="a")]]) as connection:
        found = every_page(connection, b"a", 5)

    assert [line.message_id for line in found] == ["m0"]


def test_a_source_that_is_no_text_is_left_out() -> None:
    """The touchpoint was applied, so it is shown."""
    with stored([[item(0, source={"name": "crm"})]]) as connection:
        (line,) = every_page(connection, b"a", 5)

    assert line.source is None


def test_a_line_is_what_was_sent() -> None:
    """As it was, with what the contract takes for left out."""
    sent = item(1, kind="page", direction="out", channel="email", source="crm", properties={"path": "/x"})

    with stored([[sent, item(2)]]) as connection:
        bare, line = every_page(connection, b"a", 5)

    assert line == TouchpointLine(
        message_id="m1",
        event="Page Viewed",
        at=AT,
        kind="page",
        direction="out",
        channel="email",
        source="crm",
        properties={"path": "/x"},
    )
    assert (bare.kind, bare.direction, bare.channel, bare.source, bare.properties) == (
        "track",
        "in",
        "other",
        None,
        {},
    )


@pytest.mark.parametrize("value", [b"", b"{", b'{"event":1}', b"[" * 10_000, b'{"event":"\xff"}', b'"a"'])
def test_what_cannot_be_read_is_left_out(value: bytes) -> None:
    """It is a dead letter, and listed there; the others are there."""
    with stored([[item(1), (b"a", value), item(2)]]) as connection:
        assert [line.message_id for line in every_page(connection, b"a", 1)] == ["m2", "m1"]


def test_nobody_has_touchpoints_in_an_empty_log() -> None:
    """One page, and no cursor."""
    with stored([]) as connection:
        assert touchpoints.find(connection, b"a", before=None, limit=1) == TouchpointPage(
            touchpoints=[], next=None
        )


def test_touchpoints_that_expired_are_no_longer_found(tmp_path: Path) -> None:
    """Nor does a cursor lead to where they were."""
    with EmbeddedLog(tmp_path) as log:
        for number in range(4):
            log.append([item(number)], number)
        inputs.expire(log._writer, position=4, before_ms=2, most=10)

        page = log.queries.touchpoints("a", before=None, limit=2)

    assert [line.message_id for line in page.touchpoints] == ["m3", "m2"]
    assert page.next is None


def test_a_changed_byte_is_found(tmp_path: Path) -> None:
    """Rather than shown."""
    with stored([[item(1)]]) as connection:
        connection.execute("UPDATE input SET body = CAST(replace(body, 'Viewed', 'viewed') AS BLOB)")

        with pytest.raises(Damaged):
            touchpoints.find(connection, b"a", before=None, limit=1)
