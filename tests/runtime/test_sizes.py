"""What a partition's state takes, counted by hand, and the time that its steps took."""

from collections.abc import Iterator
from itertools import count

from schemas.touchpoint import Subject
from streams.runtime.outbox import Outbox
from streams.runtime.processor import STEPS, Processor
from streams.runtime.record import Record
from streams.runtime.sizes import sizes_of
from streams.runtime.suspects import Portion, Suspects
from tests.nodes import HOUR
from tests.runtime.shop import NOON, driver_of
from tests.telling import tell

SILENCE = """
frameworks:
  way:
    kind: ladder
    stages: {here: {}, gone: {when: "since(purchase) >= 7d"}}
"""
WEEK = 7 * 24 * HOUR


def test_sizes_are_rows_and_bytes_by_subject_and_the_ids_that_find_duplicates() -> None:
    """A row for each subject, bytes that grow with rows, one id a touchpoint."""
    driver = driver_of(SILENCE)
    empty = sizes_of(driver.processor, NOON)
    tell(driver, "buy", NOON, customer="a")
    tell(driver, "buy", NOON, customer="b")

    sizes = sizes_of(driver.processor, NOON)

    assert sizes.rows == {Subject.CUSTOMER: 2, Subject.ACCOUNT: 0, Subject.BUSINESS: 0}
    row_bytes = driver.processor.customer_lane.table.row_bytes
    assert sizes.bytes["customer"] - empty.bytes["customer"] == 2 * row_bytes
    assert (sizes.ids_remembered, sizes.ids_evicted_early) == (2, 0)


def test_a_row_is_due_when_its_instant_and_the_grace_of_timers_are_over() -> None:
    """One millisecond before, nothing is; a deleted customer never is."""
    driver = driver_of(SILENCE)
    tell(driver, "buy", NOON, customer="a")
    tell(driver, "buy", NOON + HOUR, customer="b")
    driver.elapse(NOON + HOUR)
    due_ms = driver.processor.next_due_ms() + driver.processor.model.settings.timer_grace_ms

    assert sizes_of(driver.processor, due_ms - 1).timers_due == 0
    assert sizes_of(driver.processor, due_ms).timers_due >= 1
    assert sizes_of(driver.processor, due_ms + 2 * WEEK).timers_due == 2
    tell(driver, "buy", NOON + HOUR, customer="a", kind="delete")
    assert sizes_of(driver.processor, due_ms + 2 * WEEK).timers_due == 1


def test_each_step_of_a_chunk_takes_its_own_time() -> None:
    """With a clock that goes one second a look, every step has taken some; without one, none."""
    seconds: Iterator[float] = map(float, count())
    records = [
        Record(0, NOON, b"c", b'{"message_id":"1","customer_id":"c","event":"Page Viewed",'
               b'"timestamp":"2026-03-01T12:00:00Z"}'),
        Record(1, NOON, None, b'{"kind":"tick","timestamp":"2026-03-01T12:01:00Z"}'),
    ]  # fmt: skip
    timed = Processor(driver_of(SILENCE).model, pace=lambda: next(seconds))
    untimed = Processor(driver_of(SILENCE).model)

    for processor in (timed, untimed):
        Suspects().apply(Portion(records), processor, Outbox())

    spent = timed.take_spent()
    assert set(spent) == set(STEPS)
    assert all(spent.values())
    assert not any(untimed.take_spent().values())
    assert not any(timed.take_spent().values())
