"""What is told, as Kafka records: keys, headers, and the original bytes of what could not be used."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

import schemas
from schemas.dead_letter import KEPT_BYTES, DeadLetter, DeadLetterReason, LateTouchpoint
from schemas.outputs import AlertRaised, AlertResolved, ScoreUpdated, StageChanged
from schemas.views import PartitionKpis
from streams import topics
from streams.runtime.kafka.outputs import JSON, Outgoing, Renderer
from streams.runtime.outbox import Outbox
from tests.runtime.counting import Scored

EXAMPLES = Path(schemas.__file__).parent / "examples"
RENDERER = Renderer(app="shop", partition=3, prefix="eu.")


def example(kind: type[Any], name: str) -> Any:
    return msgspec.json.decode((EXAMPLES / name).read_bytes(), type=kind)


MOVED = example(StageChanged, "stage_changed.json")
RAISED = example(AlertRaised, "alert_raised.json")
RESOLVED = example(AlertResolved, "alert_resolved.json")
SCORED = example(ScoreUpdated, "score_updated.json")


def outbox() -> Outbox:
    filled = Outbox()
    filled.transitions = [MOVED]
    filled.alerts = [RAISED, RESOLVED]
    filled._sent = [Scored([SCORED])]  # type: ignore[list-item]  # as a block of the kernel would do
    return filled


@pytest.mark.parametrize(
    ("event", "topic", "kind"),
    [
        (MOVED, topics.TRANSITIONS, b"engagement.stage_changed.v1"),
        (RAISED, topics.ALERTS, b"engagement.alert_raised.v1"),
        (RESOLVED, topics.ALERTS, b"engagement.alert_resolved.v1"),
        (SCORED, topics.SCORES, b"engagement.score_updated.v1"),
    ],
)
def test_an_output_is_keyed_by_its_subject_and_carries_cloudevents(
    event: StageChanged | AlertRaised | AlertResolved | ScoreUpdated, topic: topics.Topic, kind: bytes
) -> None:
    """Binary mode of CloudEvents 1.0 on Kafka: attributes as `ce_` headers, the value is the data alone."""
    [record] = [
        each
        for each in RENDERER.records(outbox())
        if each.topic == f"eu.{topic.name}" and ("ce_type", kind) in each.headers
    ]

    assert record.key == event.customer_id.encode()
    assert record.value == msgspec.json.encode(event)
    assert dict(record.headers) == {
        "ce_specversion": b"1.0",
        "ce_id": event.id.encode(),
        "ce_source": b"/rapport/shop",
        "ce_type": kind,
        "ce_time": f"{event.at:%Y-%m-%dT%H:%M:%SZ}".encode(),
        "content-type": b"application/json",
    }


def test_records_keep_their_order_within_each_topic() -> None:
    """Alerts in the order in which they were raised and resolved."""
    alerts = [each for each in RENDERER.records(outbox()) if each.topic.endswith(topics.ALERTS.name)]

    assert [json.loads(each.value or b"")["type"] for each in alerts] == ["alert_raised", "alert_resolved"]
    assert len(RENDERER.records(outbox())) == 4
    assert RENDERER.records(Outbox()) == []


def test_who_was_deleted_is_an_empty_record_among_the_scores() -> None:
    """So compaction forgets it as well."""
    filled = Outbox()
    filled._forgotten = {"ada": 0}

    assert RENDERER.records(filled) == [Outgoing("eu.engagement.scores.v1", b"ada", None)]


@pytest.mark.parametrize("key", [None, b"", b"c1"])
def test_a_dead_letter_is_the_original_with_reason_and_origin(key: bytes | None) -> None:
    """Key and value as they came, none of it encoded again; where it came from is in the headers."""
    letter = DeadLetter(
        reason=DeadLetterReason.INVALID, message="naïve", value=b"\xff{", key=key,
        source_topic="eu.engagement.touchpoints.v1", source_offset=41,
    )  # fmt: skip
    filled = Outbox()
    filled.dead_letters = [letter]

    [record] = RENDERER.records(filled)

    assert record == Outgoing(
        "eu.engagement.dead-letters.v1",
        key,
        b"\xff{",
        [
            ("error.reason", b"invalid"),
            ("error.message", "naïve".encode()),
            ("source.topic", b"eu.engagement.touchpoints.v1"),
            ("source.partition", b"3"),
            ("source.offset", b"41"),
        ],
    )


@pytest.mark.parametrize("size", [KEPT_BYTES, KEPT_BYTES + 1])
def test_a_late_touchpoint_is_the_original_up_to_its_first_64_kib(size: int) -> None:
    """At the bound it is whole; one byte above it is cut, and a header says how long it was."""
    late = LateTouchpoint(
        customer_id="c1", value=bytes(size), late_by_ms=1_500, source_topic="input", source_offset=7
    )
    filled = Outbox()
    filled.late = [late]

    [record] = RENDERER.records(filled)

    headers = dict(record.headers)
    assert (record.topic, record.key) == ("eu.engagement.late.v1", b"c1")
    assert record.value == bytes(KEPT_BYTES)
    assert headers.pop("value.bytes", None) == (b"%d" % size if size > KEPT_BYTES else None)
    assert headers == {
        "error.reason": b"late",
        "late_by_ms": b"1500",
        "source.topic": b"input",
        "source.partition": b"3",
        "source.offset": b"7",
    }


def test_figures_are_keyed_by_the_number_of_their_partition() -> None:
    """So that compaction keeps the latest of each."""
    figures = example(PartitionKpis, "partition_kpis.json")

    record = RENDERER.kpis(figures)

    assert (record.topic, record.key, list(record.headers)) == ("eu.engagement.kpis.v1", b"3", [JSON])
    assert msgspec.json.decode(record.value or b"", type=PartitionKpis) == figures


def test_a_record_is_measured_with_its_headers() -> None:
    """What is compared with the size of a batch is never less than key, value and headers together."""
    headers = [("name", b"value"), ("other", b"")]

    size = Outgoing("topic", b"key", b"value", headers).size

    assert size >= len(b"key") + len(b"value") + len("name") + len(b"value") + len("other")
    assert Outgoing("topic", None, None).size > 0
