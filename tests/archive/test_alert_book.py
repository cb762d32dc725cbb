"""The alert book: every alert from its raising on, once, however often it is told."""

import sqlite3
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from schemas.pages import Acknowledgement, AlertEntry
from streams import topics
from streams.archive import alert_book, outputs
from streams.archive.alert_book import AlertQuery
from streams.archive.outputs import OutputRow
from tests.archive.conftest import DAY_MS, alert, end, made, write
from tests.dashboard.conftest import BECAUSE

STATES = frozenset({"drop"})
SAID = Acknowledgement(by="ada", at=datetime(2026, 3, 1, tzinfo=UTC), note="mine")


def listed(tables: sqlite3.Connection, **asked: object) -> list[tuple[str, str]]:
    found, _ = alert_book.find(tables, AlertQuery(states=STATES, **asked))  # type: ignore[arg-type]
    return [(entry.raised.id, entry.state) for entry in found]


def test_an_alert_is_open_until_it_is_resolved(tables: sqlite3.Connection) -> None:
    """One of an event is neither, whatever is told of it."""
    write(tables, alert(1), alert(2), alert(3, name="bought"), end(1))

    assert listed(tables) == [("r3", "event"), ("r2", "open"), ("r1", "resolved")]
    assert listed(tables, state="open") == [("r2", "open")]
    assert listed(tables, state="resolved") == [("r1", "resolved")]
    assert listed(tables, state="event") == [("r3", "event")]


def test_what_is_told_again_changes_nothing(tables: sqlite3.Connection) -> None:
    """Subscribers may see an output twice: an alert has one entry, its first end, and what was said of it."""
    write(tables, alert(1), end(1, 5_000))
    alert_book.acknowledge(tables, "r1", SAID)
    before = alert_book.one(tables, "r1", STATES)

    alert_book.enter(tables, rows := [outputs.told_row(each, b"{}") for each in (alert(1), end(1, 9_000))],
                     written_ms=7)  # fmt: skip

    assert len(rows) == 2
    assert alert_book.one(tables, "r1", STATES) == before
    assert len(listed(tables)) == 1


def test_the_end_of_an_alert_that_is_not_known_is_of_none(tables: sqlite3.Connection) -> None:
    """Its raising may have expired."""
    write(tables, end(1))

    assert listed(tables) == []
    assert alert_book.one(tables, "r1", STATES) is None


def test_who_looks_after_an_alert_can_be_said_replaced_and_taken_back(tables: sqlite3.Connection) -> None:
    """Of one that is there; resolved or not."""
    write(tables, alert(1))

    assert alert_book.acknowledge(tables, "r1", SAID)
    assert listed(tables, acknowledged=True) == [("r1", "open")]
    assert listed(tables, acknowledged=False) == []
    write(tables, end(1))
    entry = alert_book.one(tables, "r1", STATES)
    assert entry is not None
    assert entry.acknowledged == SAID
    assert alert_book.acknowledge(tables, "r1", None)
    assert listed(tables, acknowledged=False) == [("r1", "resolved")]
    assert not alert_book.acknowledge(tables, "r2", SAID)


def test_under_a_model_without_state_alerts_everything_is_an_event(tables: sqlite3.Connection) -> None:
    """The model in force says what an alert is, not the one that it was raised under."""
    write(tables, alert(1), alert(2), end(2))
    nothing = AlertQuery(states=frozenset(), state="open")

    assert alert_book.find(tables, nothing) == ([], None)
    found, _ = alert_book.find(tables, AlertQuery(states=frozenset(), state="event"))
    assert [entry.state for entry in found] == ["event", "event"]


DEEDS = st.lists(
    st.tuples(
        st.sampled_from(["raise", "resolve", "acknowledge"]),
        st.integers(0, 11),
        st.sampled_from(["drop", "bought"]),
        st.sampled_from(["c1", "c2", "c1/x"]),
    ),
    max_size=40,
)
QUERIES = st.fixed_dictionaries(
    {
        "state": st.sampled_from(["open", "resolved", "event", "all"]),
        "customer": st.sampled_from([None, "c1", "c2", "nobody"]),
        "alert": st.sampled_from([None, "drop", "bought", "x"]),
        "severity": st.sampled_from([None, "warning", "info"]),
        "acknowledged": st.sampled_from([None, True, False]),
    }
)


@given(deeds=DEEDS, asked=QUERIES, limit=st.integers(1, 5))
@settings(max_examples=150)
def test_pages_hold_every_alert_that_matches_once(
    deeds: list[tuple[str, int, str, str]], asked: dict[str, object], limit: int
) -> None:
    """The last raised first, whatever is combined, in pages of any length."""
    tables = made()
    for what, number, name, customer in deeds:
        if what == "raise":
            write(tables, alert(number, customer=customer, name=name))
        elif what == "resolve":
            write(tables, end(number, name=name))
        else:
            alert_book.acknowledge(tables, f"r{number}", SAID)
    everything, _ = alert_book.find(tables, AlertQuery(states=STATES, limit=1_000))

    found: list[AlertEntry] = []
    before: int | None = None
    while True:
        query = AlertQuery(states=STATES, before=before, limit=limit, **asked)  # type: ignore[arg-type]
        page, before = alert_book.find(tables, query)
        assert len(page) <= limit
        found += page
        if before is None:
            break

    tables.close()
    assert found == [entry for entry in everything if matches(entry, asked)]


def matches(entry: AlertEntry, asked: dict[str, object]) -> bool:
    seen = {
        "state": entry.state,
        "customer": entry.raised.customer_id,
        "alert": entry.raised.alert,
        "severity": entry.raised.severity.value,
        "acknowledged": entry.acknowledged is not None,
    }
    return all(wanted in (None, "all", seen[name]) for name, wanted in asked.items())


@pytest.mark.parametrize(("most", "left"), [(1, ["r3", "r2"]), (2, ["r3"]), (10, ["r3"])])
def test_the_oldest_expire_a_few_at_a_time(tables: sqlite3.Connection, most: int, left: list[str]) -> None:
    """Those written before an instant that are over; a millisecond later stays, and so does what is open."""
    for number, written_ms in ((1, DAY_MS - 2), (2, DAY_MS - 1), (3, DAY_MS)):
        write(tables, alert(number), end(number), written_ms=written_ms)

    alert_book.expire(tables, before_ms=DAY_MS, most=most)

    assert [name for name, _ in listed(tables)] == left


def test_an_alert_that_is_open_outlives_its_days_and_an_event_does_not(tables: sqlite3.Connection) -> None:
    """The figures count it as open, so the list must have it; an event says upon what it was raised."""
    upon = replace(BECAUSE, rule="upon purchase")
    write(tables, alert(1), replace(alert(2, name="bought"), because=upon), written_ms=0)

    alert_book.expire(tables, before_ms=DAY_MS, most=9)
    still_open = listed(tables)
    write(tables, end(1), written_ms=DAY_MS)
    alert_book.expire(tables, before_ms=DAY_MS, most=9)

    assert (still_open, listed(tables)) == ([("r1", "open")], [])


def test_the_open_alerts_of_one_who_was_deleted_go(tables: sqlite3.Connection) -> None:
    """Nobody will tell that they are over; what was over stays for its days."""
    write(tables, alert(1), end(1), alert(2), alert(3, customer="c2"))

    outputs.insert(tables, [OutputRow(topics.SCORES.name, b"c1", None, b"")], written_ms=2)

    assert listed(tables) == [("r3", "open"), ("r1", "resolved")]


CHOSEN_BY = {
    "alert_book_by_severity": {"severity": "critical"},
    "alert_book_acknowledged": {"acknowledged": True},
    "alert_book_unresolved": {"state": "open"},
    "alert_book_unresolved_by_severity": {"state": "open", "severity": "critical"},
    "alert_book_by_key": {"severity": "critical", "customer": "c1"},
    "alert_book_by_about": {"severity": "critical", "alert": "drop"},
}


@pytest.mark.parametrize("index", CHOSEN_BY)
def test_what_narrows_the_list_is_found_by_an_index(tables: sqlite3.Connection, index: str) -> None:
    """The one that leaves the fewest to look at, however long the book is."""
    asked: list[str] = []
    tables.set_trace_callback(asked.append)

    for states in (frozenset({"drop"}), frozenset({"drop", "gone"})):
        alert_book.find(tables, AlertQuery(states=states, **CHOSEN_BY[index]))  # type: ignore[arg-type]

    tables.set_trace_callback(None)
    for statement in asked:
        plan = " ".join(str(row[3]) for row in tables.execute(f"EXPLAIN QUERY PLAN {statement}"))
        assert f"USING INDEX {index}" in plan, plan
