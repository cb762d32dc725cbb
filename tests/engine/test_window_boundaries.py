"""Both sides of windows, grace, sessions and remembered ids, worked out by hand, through the processor."""

import msgspec
import pytest

from streams.model.load import load_model_text
from streams.testing import TopologyTestDriver
from tests import telling
from tests.nodes import DAY, HOUR, MINUTE
from tests.random_histories import at, written
from tests.telling import reading

NOON = at(2024, 3, 13, 12)  # a Wednesday
MODEL = """
model: windows
version: 1
touchpoints:
  - {event: buy, signals: {buy: properties.revenue}}
  - {event: visit, signals: [visit]}
frameworks:
  way:
    kind: flags
    stages:
      read: {when: "RULE"}
"""


def driver_reading(term: str, remembered_ids: int = 1_000_000) -> TopologyTestDriver:
    """Return a driver of a model with one flag, on while a term is at least 1."""
    return TopologyTestDriver(
        load_model_text(MODEL.replace("RULE", f"{term} >= 1")), remembered_ids=remembered_ids
    )


def tell(driver: TopologyTestDriver, name: str, when: int, *, message: str = "", revenue: float = 1.0) -> str:
    """Pipe a touchpoint of c1 and return what became of it."""
    return telling.tell(driver, name, when, message=message, properties={"revenue": revenue})


MIDNIGHT = at(2024, 3, 14)
MONDAY = at(2024, 3, 18)


@pytest.mark.parametrize(
    ("term", "told", "last_inside"),
    [
        ("count(buy, 2d)", MIDNIGHT - 1, MIDNIGHT + DAY - 1),
        ("count(buy, 2d)", MIDNIGHT, MIDNIGHT + 2 * DAY - 1),
        ("count(buy, 30d)", MIDNIGHT - 1, MIDNIGHT + 29 * DAY - 1),
        ("count(buy, 3h)", NOON - 1, NOON + 2 * HOUR - 1),
        ("count(buy, 3h)", NOON, NOON + 3 * HOUR - 1),
        ("count(buy, 2w)", MONDAY - 1, MONDAY + 7 * DAY - 1),
        ("count(buy, 2w)", MONDAY, MONDAY + 14 * DAY - 1),
        ("days_active(2d)", MIDNIGHT - 1, MIDNIGHT + DAY - 1),
        ("channels(2d)", MIDNIGHT - 1, MIDNIGHT + DAY - 1),
        ("days(buy, 2w)", MONDAY - 1, MONDAY + 7 * DAY - 1),
        ("sum(buy, 2d)", MIDNIGHT - 1, MIDNIGHT + DAY - 1),
        ("count(buy, 2d)", at(2024, 2, 29) - 1, at(2024, 2, 29) + DAY - 1),
        ("count(buy, 2d)", at(2024, 2, 29), at(2024, 3, 2) - 1),
        ("count(buy, 2d)", at(2023, 2, 28), at(2023, 3, 2) - 1),
        ("count(buy, 2d)", 0, 2 * DAY - 1),
    ],
)
def test_a_window_ends_where_its_pane_leaves_it(term: str, told: int, last_inside: int) -> None:
    """UTC hours, days and Monday weeks: on to the last millisecond, off in the next, by time alone."""
    driver = driver_reading(term)
    tell(driver, "buy", told)

    driver.elapse(last_inside)
    before = driver.state("c1")
    driver.elapse(last_inside + 1)

    assert before is not None
    assert before["stages"] == {"way": ["read"]}
    moved = driver.transitions[-1]
    assert (moved.from_stage, moved.to_stage) == ("read", None)
    assert driver.processor.lanes["customer"].table.ground.at[1, 0] == last_inside + 1  # type: ignore[index]


@pytest.mark.parametrize(
    ("instants", "count"),
    [
        ((NOON, NOON + 30 * MINUTE), 1),
        ((NOON, NOON + 30 * MINUTE + 1), 2),
        ((NOON, NOON + 30 * MINUTE, NOON + 60 * MINUTE), 1),
        ((NOON, NOON - HOUR), 1),
    ],
)
def test_a_session_ends_after_a_gap_of_more_than_half_an_hour(instants: tuple[int, ...], count: int) -> None:
    """Exactly the gap goes on with it, a millisecond more starts another; older activity starts none."""
    driver = driver_reading("sessions(2d)")

    for instant in instants:
        tell(driver, "visit", instant)

    assert reading(driver, "sessions(2d)") == count


def test_late_begins_one_millisecond_beyond_grace() -> None:
    """Exactly grace old is applied; one millisecond more is late, by 1 ms, and changes nothing."""
    driver = driver_reading("count(buy)")
    tell(driver, "buy", NOON)

    applied = tell(driver, "buy", NOON - DAY)
    before = driver.state("c1")
    late = tell(driver, "buy", NOON - DAY - 1)

    assert (applied, late) == ("applied", "late")
    assert driver.state("c1") == before
    assert [each.late_by_ms for each in driver.late] == [1]


def test_an_id_is_remembered_for_as_long_as_it_would_not_be_late() -> None:
    """With exactly grace between them the second is a duplicate; after that the record itself is late."""
    driver = driver_reading("count(buy)")
    tell(driver, "buy", NOON, message="same")
    tell(driver, "visit", NOON + DAY)

    at_grace = tell(driver, "buy", NOON, message="same")
    tell(driver, "visit", NOON + DAY + 1)
    after = tell(driver, "buy", NOON, message="same")

    assert (at_grace, after) == ("duplicate", "late")


def test_an_id_used_again_after_grace_is_a_new_touchpoint() -> None:
    """A tracker that counts from 1 every day loses nothing."""
    driver = driver_reading("count(buy)")
    tell(driver, "buy", NOON, message="1")
    tell(driver, "visit", NOON + DAY + 1)

    again = tell(driver, "buy", NOON + DAY + 1, message="1")

    assert again == "applied"
    assert reading(driver, "count(buy)") == 2


def crowded(cap: int, count: int) -> TopologyTestDriver:
    """Return a driver that has remembered `count` ids at distinct instants with room for `cap`."""
    driver = driver_reading("count(buy)", remembered_ids=cap)
    for n in range(count):
        driver.append(_visit(n))
    return driver


def _visit(n: int) -> bytes:
    known = {"message_id": f"m{n}", "customer_id": "c1", "event": "visit", "timestamp": written(NOON + n)}
    return msgspec.json.encode(known)


def known_after(driver: TopologyTestDriver, count: int) -> list[int]:
    """Return which of the ids are still duplicates."""
    kept = []
    for n in reversed(range(count)):
        before = driver.totals["duplicate"]
        driver.pipe(_visit(n))
        if driver.totals["duplicate"] == before:
            break
        kept.append(n)
    return kept[::-1]


def test_beyond_the_cap_the_oldest_ids_go_first() -> None:
    """Sixteen ids are remembered, the seventeenth drops the oldest eighth and one; the newest all stay."""
    full, over = crowded(16, 16), crowded(16, 17)

    full.run()
    over.run()

    assert known_after(full, 16) == list(range(16))
    kept = known_after(over, 17)
    assert kept == list(range(17 - len(kept), 17))
    assert 12 <= len(kept) < 17


@pytest.mark.parametrize("chunk", [1, 2, 5, 17, 1000])
def test_which_ids_are_forgotten_does_not_depend_on_chunks(chunk: int) -> None:
    """It is a rule of the log's content, never of how it was read."""
    whole, cut = crowded(16, 40), crowded(16, 40)
    whole.run()

    cut.run(chunk)

    assert known_after(cut, 40) == known_after(whole, 40)


@pytest.mark.parametrize(
    "flushed_at", [(1,), (15,), (16,), (17,), (30,), (40,), (10, 20), (16, 17), (10, 20, 30, 40)]
)
def test_which_ids_are_forgotten_does_not_depend_on_restarts(flushed_at: tuple[int, ...]) -> None:
    """Ids that were forgotten do not come back with the flushes that once held them."""
    whole, crashed = crowded(16, 40), crowded(16, 40)
    whole.run()
    for position in flushed_at:
        crashed.processor.process(crashed.log[:position])
        crashed.flush()
    crashed.crash()

    crashed.run()

    assert known_after(crashed, 40) == known_after(whole, 40)


def test_more_ids_than_there_is_room_for_are_taken_over() -> None:
    """With less room than when they were stored, the newest ids stay; a restart never hangs."""
    driver = crowded(100, 40)
    driver.run()
    driver.flush()
    driver.remembered_ids = 16

    driver.crash()

    assert known_after(driver, 40) == list(range(24, 40))


@pytest.mark.parametrize("keep", [1, 2])
def test_ids_survive_the_flushes_that_first_held_them(keep: int) -> None:
    """A flush may be dropped once its rows were written again: the ids within grace are carried along."""
    driver = crowded(1000, 12)
    for _ in range(6):
        at_offset = driver.processor.position
        driver.processor.process(driver.log[at_offset : at_offset + 2])
        driver.flush(carry_before=max(0, len(driver.flushes) + 1 - keep))

    driver.crash()

    assert known_after(driver, 12) == list(range(12))


def test_many_ids_are_all_remembered() -> None:
    """Whichever places they take, each of two thousand is known again, and none is taken for another."""
    driver = crowded(100_000, 2_000)
    driver.run()

    for record in driver.log[:2_000]:
        driver.append(record.value)
    driver.run()

    assert (driver.totals["applied"], driver.totals["duplicate"]) == (2_000, 2_000)


def test_making_room_for_many_ids_forgets_none() -> None:
    """A chunk of forty thousand records makes the room larger; what was remembered before stays known."""
    driver = crowded(100_000, 12)
    driver.run()
    for _ in range(40_000):
        driver.append(_visit(3))

    driver.run()

    assert driver.totals["duplicate"] == 40_000
    assert known_after(driver, 12) == list(range(12))
    assert tell(driver, "visit", NOON, message="another") == "applied"
