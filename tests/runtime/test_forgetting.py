"""Customers who are deleted: nothing of their scores is told any more, until they come back."""

from collections.abc import Iterable

import msgspec
import pytest

from schemas.instants import instant
from streams import topics
from streams.archive.outputs import rows_of
from streams.model.load import load_model_text
from streams.runtime.outbox import Outbox
from streams.runtime.processor import Processor
from streams.runtime.record import Record
from tests.runtime.shop import MAP, NOON

MODEL = load_model_text(MAP + 'frameworks: {way: {kind: free, stages: {a: {when: "ever(visit)"}}}}')


def records(said: Iterable[tuple[str, str]], first: int = 0) -> list[Record]:
    """Return a touchpoint for each customer and kind, a second apart; `account` deletes one of that id."""
    found = []
    for number, (customer, kind) in enumerate(said, first):
        at_ms = NOON + 1_000 * number
        value = {
            "message_id": str(number), "customer_id": customer, "event": "visit", "kind": kind,
            "timestamp": instant(at_ms),
        }  # fmt: skip
        if kind == "account":
            value |= {"kind": "delete", "subject": "account", "account_id": customer}
        found.append(Record(number, at_ms, customer.encode(), msgspec.json.encode(value)))
    return found


CASES = [
    ([("a", "track"), ("b", "track")], [], ["a", "b"]),
    ([("a", "track"), ("b", "track"), ("a", "delete")], ["a"], ["b"]),
    ([("a", "delete")], ["a"], []),
    ([("a", "track"), ("a", "delete"), ("a", "track")], ["a"], ["a"]),
    ([("a", "track"), ("a", "delete"), ("a", "track"), ("a", "delete")], ["a"], []),
    ([("a", "track"), ("a", "account")], [], ["a"]),
]


@pytest.mark.parametrize(("said", "forgotten", "scored"), CASES)
@pytest.mark.parametrize("together", [True, False])
def test_scores_are_told_of_those_who_are_there_and_the_others_are_forgotten(
    said: list[tuple[str, str]], forgotten: list[str], scored: list[str], together: bool
) -> None:
    """Whether it came in one chunk or in several, in one flush it is told once."""
    processor, outbox = Processor(MODEL), Outbox()
    waiting = records(said)

    for chunk in [waiting] if together else [[each] for each in waiting]:
        outbox.add(processor.process(chunk))

    assert sorted(outbox.forgotten) == forgotten
    assert sorted(each.customer_id for each in outbox.scores) == scored
    rows = [row for row in rows_of(outbox) if row.topic == topics.SCORES.name]
    assert [(row.key or b"").decode() for row in rows if not row.value] == forgotten
    assert [bool(row.value) for row in rows] == sorted(bool(row.value) for row in rows), "deletions first"


def test_the_scores_of_one_chunk_leave_out_who_was_deleted_in_it() -> None:
    """As the outbox does, which takes several."""
    outcome = Processor(MODEL).process(records([("a", "track"), ("b", "track"), ("a", "delete")]))

    assert [each.customer_id for each in outcome.scores()] == ["b"]
