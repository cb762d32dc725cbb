"""What was told, in tables: numbered, paged newest first, expired oldest first, the last scores of each."""

import sqlite3
from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams import topics
from streams.archive import outputs
from streams.archive.outputs import OutputRow
from tests.archive.conftest import DAY_MS, alert, end, made, moved, write

SCORES = topics.SCORES.name


def scored(customer: str, score: float, at: str = "2026-03-01T00:00:00Z") -> OutputRow:
    value = {"type": "score_updated", "at": at, "scores": {"engagement": score}, "levels": {}, "id": "x"}
    return OutputRow(SCORES, customer.encode(), None, msgspec.json.encode(value))


def test_the_last_scores_stay_and_the_earlier_ones_are_points(tables: sqlite3.Connection) -> None:
    """Of one customer in one flush the last alone; a point is the instant and the scores."""
    outputs.insert(tables, [scored("a", 1), scored("b", 2), scored("a", 3)], written_ms=1)
    outputs.insert(tables, [scored("a", 4, "2026-03-02T00:00:00Z")], written_ms=2)

    points, _ = outputs.page(tables, outputs.SCORE_POINTS, key=b"a", limit=10)
    assert outputs.score(tables, b"a") == scored("a", 4, "2026-03-02T00:00:00Z").value
    assert [msgspec.json.decode(each) for each in points] == [
        {"at": "2026-03-02T00:00:00Z", "scores": {"engagement": 4}},
        {"at": "2026-03-01T00:00:00Z", "scores": {"engagement": 3}},
    ]
    assert outputs.score(tables, b"nobody") is None


def test_a_row_without_a_value_forgets_a_customers_scores(tables: sqlite3.Connection) -> None:
    """The last ones and the points; those of others stay."""
    outputs.insert(tables, [scored("a", 1), scored("b", 2)], written_ms=1)

    outputs.insert(tables, [OutputRow(SCORES, b"a", None, b"")], written_ms=2)

    assert outputs.score(tables, b"a") is None
    assert outputs.page(tables, outputs.SCORE_POINTS, key=b"a", limit=10)[0] == []
    assert outputs.score(tables, b"b") == scored("b", 2).value


def test_numbers_rise_and_are_never_given_twice(tables: sqlite3.Connection) -> None:
    """Not even when everything has expired."""
    write(tables, moved(0, None, "a"), moved(0, "a", "b"))
    outputs.expire(tables, before_ms=lambda _: 2, most=10)
    assert (outputs.after(tables, "transitions", 0, limit=9), outputs.newest(tables, "transitions")) == (
        [],
        2,
    )

    write(tables, moved(0, "b", "c"))

    assert [each.sequence for each in outputs.after(tables, "transitions", 0, limit=9)] == [3]
    assert outputs.newest(tables, "alerts") == 0


TOLD = st.lists(
    st.tuples(st.sampled_from(["a", "b", "a/b"]), st.sampled_from(["clm", "habits"])), max_size=30
)


@given(
    told=TOLD,
    key=st.sampled_from([None, b"a", b"b", b"c"]),
    about=st.sampled_from([None, "clm", "x"]),
    limit=st.integers(1, 7),
)
@settings(max_examples=100)
def test_pages_hold_everything_once(
    told: list[tuple[str, str]], key: bytes | None, about: str | None, limit: int
) -> None:
    """Newest first, narrowed by key and by what it is about; the last page has no cursor."""
    tables = made()
    moves = [moved(n, None, f"s{n}", customer=who, framework=what) for n, (who, what) in enumerate(told)]
    write(tables, *moves)

    found: list[bytes] = []
    before: int | None = None
    while True:
        page, before = outputs.page(tables, "transitions", key=key, about=about, before=before, limit=limit)
        found += page
        if before is None:
            break

    tables.close()
    wanted = [
        msgspec.json.encode(move)
        for move, (who, what) in zip(moves, told, strict=True)
        if key in (None, who.encode()) and about in (None, what)
    ]
    assert found == wanted[::-1]


def only(topic: str, instant_ms: int) -> Callable[[str], int | None]:
    return lambda each: instant_ms if each == topic else None


@pytest.mark.parametrize(("most", "left"), [(1, 3), (2, 2), (3, 2), (10, 2)])
def test_the_oldest_of_a_topic_expire(tables: sqlite3.Connection, most: int, left: int) -> None:
    """Written before the instant, at most so many; the other topics stay."""
    for written_ms in (DAY_MS - 2, DAY_MS - 1, DAY_MS, DAY_MS + 1):
        write(tables, moved(0, None, "a"), alert(written_ms), written_ms=written_ms)
        outputs.insert(tables, [scored("a", 1)], written_ms=written_ms)

    outputs.expire(tables, before_ms=only(topics.TRANSITIONS.name, DAY_MS), most=most)

    assert len(outputs.after(tables, "transitions", 0, limit=9)) == left
    assert len(outputs.after(tables, outputs.SCORE_POINTS, 0, limit=9)) == left
    assert len(outputs.after(tables, "alerts", 0, limit=9)) == 4
    assert tables.execute("SELECT count(*) FROM alert_book").fetchone() == (4,)


def test_alerts_expire_from_their_book_as_well(tables: sqlite3.Connection) -> None:
    """By the retention of their topic."""
    write(tables, alert(1), end(1), written_ms=1)
    write(tables, alert(2), end(2), written_ms=2)

    outputs.expire(tables, before_ms=only(topics.ALERTS.name, 2), most=10)

    assert tables.execute("SELECT id FROM alert_book").fetchall() == [("r2",)]
    assert [each.sequence for each in outputs.after(tables, "alerts", 0, limit=9)] == [3, 4]


def test_without_a_retention_everything_stays(tables: sqlite3.Connection) -> None:
    """For ever."""
    write(tables, moved(0, None, "a"), alert(1))

    outputs.expire(tables, before_ms=lambda _: None, most=10)

    assert (outputs.newest(tables, "transitions"), outputs.newest(tables, "alerts")) == (1, 1)
    assert len(outputs.after(tables, "transitions", 0, limit=9)) == 1
