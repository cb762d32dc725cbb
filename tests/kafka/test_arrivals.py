"""Records of the output topics read back: what was told comes in as it was told."""

from typing import Any

import msgspec
import pytest
from aiokafka.structs import ConsumerRecord
from msgspec.structs import replace

from streams import topics
from streams.archive.outputs import rows_of
from streams.materialised.arrival import Figures, Gone, Output, Touch
from streams.runtime.kafka.arrivals import arrivals
from streams.runtime.kafka.outputs import Outgoing, Renderer
from streams.runtime.outbox import Outbox
from tests.figures import NOBODY
from tests.kafka.test_outputs import MOVED, RAISED, RESOLVED, example, outbox


def record(topic: str, key: bytes | None, value: bytes | None, headers: Any = ()) -> ConsumerRecord:
    return ConsumerRecord(topic, 0, 0, 1_700_000_000_000, 0, key, value, 0, 0, 0, tuple(headers))


def read(each: Outgoing) -> list[Any]:
    return arrivals(each.topic, record(each.topic, each.key, each.value, each.headers))


def told() -> Outbox:
    from schemas.dead_letter import DeadLetter, LateTouchpoint

    filled = outbox()
    origin = {"source_topic": topics.TOUCHPOINTS.name, "source_partition": 3}
    filled.late = [replace(example(LateTouchpoint, "late_touchpoint.json"), **origin)]
    filled.dead_letters = [replace(example(DeadLetter, "dead_letter.json"), **origin)]
    return filled


def test_what_a_worker_writes_is_what_one_process_keeps() -> None:
    """The rows of every output are those that the embedded log has of it."""
    written = Renderer(app="shop", partition=3).records(told())

    found = [each for outgoing in written for each in read(outgoing)]

    assert all(isinstance(each, Output) and each.written_ms == 1_700_000_000_000 for each in found)
    rows = sorted((each.row.topic, each.row.key, each.row.about, each.row.value) for each in found)
    assert rows == sorted((row.topic, row.key, row.about, row.value) for row in rows_of(told()))
    assert [each.row.told for each in found if each.row.told] == [MOVED, RAISED, RESOLVED]
    assert len({each.identity for each in found}) == len(found)


def test_figures_come_with_the_partition_that_they_are_of() -> None:
    """Its number is the key."""
    outgoing = Renderer(app="shop", partition=3).kpis(replace(NOBODY, customers=7))

    assert read(outgoing) == [Figures(3, replace(NOBODY, customers=7))]


def test_an_empty_record_forgets_a_customer() -> None:
    """Among the scores; elsewhere it says nothing."""
    assert arrivals(topics.SCORES.name, record("x", b"ada", None)) == [Gone(topics.SCORES.name, b"ada")]
    assert arrivals(topics.ALERTS.name, record("x", b"ada", None)) == []


def test_touchpoints_are_kept_as_they_are_but_for_rapports_own() -> None:
    """A tick has no key; a deletion takes what was there."""
    name = topics.TOUCHPOINTS.name
    deletion = msgspec.json.encode({"kind": "delete", "customer_id": "ada"})

    assert arrivals(name, record(name, b"ada", b"{")) == [Touch(b"ada", 1_700_000_000_000, b"{")]
    assert arrivals(name, record(name, None, b'{"kind": "tick"}')) == []
    assert arrivals(name, record(name, b"ada", deletion)) == [Gone(name, b"ada")]


@pytest.mark.parametrize(
    ("topic", "value"),
    [
        (topics.TRANSITIONS, b"{"),
        (topics.ALERTS, b'{"type": "alert_lost"}'),
        (topics.SCORES, b'{"scores": 7}'),
        (topics.KPIS, b"{}"),
        (topics.LATE, b"no headers"),
        (topics.DEAD_LETTERS, b"no headers"),
    ],
)
def test_what_is_no_output_is_refused(topic: topics.Topic, value: bytes) -> None:
    """Somebody else wrote it: a ValueError, whatever is wrong."""
    with pytest.raises(ValueError, match=r".+"):
        arrivals(topic.name, record(topic.name, b"k", value))
