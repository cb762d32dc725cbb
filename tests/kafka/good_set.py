"""What the topics hold after a run in which nothing went wrong, made with the processor alone."""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from schemas.dead_letter import DeadLetter, LateTouchpoint
from schemas.instants import instant
from schemas.outputs import AlertRaised, AlertResolved, ScoreUpdated, StageChanged
from streams import topics
from streams.model.load import load_model_text
from streams.runtime.processor import Processor
from streams.runtime.record import Record
from tests.kafka.evidence import Evidence, Read
from tests.nodes import DAY, HOUR, MINUTE

START_MS: Final = 1_710_331_200_000  # 2024-03-13T12:00:00Z
PARTITIONS: Final = 2
TOUCHPOINTS: Final = 300
MODEL: Final = load_model_text("""
model: planted
version: 1
touchpoints:
  - {event: buy, signals: {purchase: properties.revenue}, dimensions: {attention: 3}}
  - {event: visit, signals: [visit], dimensions: {attention: 1}}
  - {event: ask, signals: [ask], answers: {nps: {value: properties.score, scale: 0-10}}}
dimensions: {attention: {half_life: 1d, half_at: 2}}
answers: {nps: {window: 2d}}
scores: {engagement: attention}
frameworks:
  clm:
    kind: ladder
    stages:
      awareness: {}
      engagement: {when: "count(visit, 2d) >= 2"}
      customer: {when: "since(purchase) < 12h"}
    exits:
      reactivated: {from: [dormant], when: "since(activity) < 1h", for: 6h}
      dormant: {when: "since(activity) > 1d"}
  habits:
    kind: flags
    stages: {visitor: {when: "count(visit, 24h) >= 1"}, buyer: {when: "count(purchase, 2d) >= 1"}}
alerts:
  silence: {kind: state, when: "since(activity) > 18h", cooldown: 0s, message: "{customer} is silent"}
  detractor: {kind: event, upon: nps, when: "answer(nps) <= 6", cooldown: 0s, message: "{customer} grumbles"}
""")


def good_set(seed: int = 1, *, source: str = topics.TOUCHPOINTS.name) -> Evidence:
    """Return a run over two partitions: repeats, late, unreadable, deletions, ticks; a flush now and then."""
    chance = random.Random(seed)
    log = [read for partition in range(PARTITIONS) for read in _log(partition, chance)]
    found: dict[str, list[Read]] = {name: [] for name in Evidence._fields if name != "source"}
    found["touchpoints"] = log
    for partition in range(PARTITIONS):
        _run(partition, [read for read in log if read.partition == partition], found, chance, source)
    return Evidence(source=source, **found)


def new_processor(source: str = topics.TOUCHPOINTS.name) -> Processor:
    """Return a processor as the run has it."""
    return Processor(MODEL, check_future=False, source=source, storing=False)


def as_read(
    partition: int, offset: int, key: bytes | None, value: object, headers: Mapping[str, object] | None = None
) -> Read:
    """Return a record; `value` is encoded unless it is bytes already."""
    encoded = value if isinstance(value, bytes) else msgspec.json.encode(value)
    texts = {name: str(each).encode() for name, each in (headers or {}).items()}
    return Read(partition, offset, START_MS + offset, key, encoded, texts)


def _log(partition: int, chance: random.Random) -> Iterator[Read]:
    """Yield what a partition holds: every hour or so something happens to one of four customers."""
    sent: list[tuple[bytes, dict[str, Any]]] = []
    now_ms = START_MS
    for offset in range(TOUCHPOINTS):
        now_ms += chance.randrange(3 * HOUR)
        customer = f"c{partition}{chance.randrange(4)}"
        key: bytes | None = customer.encode()
        event = chance.choice(["visit", "visit", "visit", "buy", "ask", "other"])
        kind = "delete" if chance.random() < 0.01 else "track"
        value: Any = {
            "message_id": f"m{offset}", "customer_id": customer, "event": event, "kind": kind,
            "timestamp": instant(now_ms), "properties": {"revenue": 9.5, "score": chance.randrange(11)},
        }  # fmt: skip
        match chance.choice(["good"] * 14 + ["tick"] * 6 + ["again", "late", "unreadable"]):
            case "tick":
                key, value = None, {"kind": "tick", "timestamp": instant(now_ms + 2 * MINUTE)}
            case "again" if sent:
                key, value = chance.choice(sent)
            case "late":
                value |= {"timestamp": instant(now_ms - 30 * DAY), "kind": "track"}
            case "unreadable":
                value = b"{"
            case _:
                sent.append((customer.encode(), value))
        yield as_read(partition, offset, key, value)


def _run(
    partition: int, log: Sequence[Read], found: dict[str, list[Read]], chance: random.Random, source: str
) -> None:
    processor = new_processor(source)
    start = 0
    while start < len(log):
        chunk = log[start : start + chance.randint(1, 40)]
        start += len(chunk)
        outcome = processor.process([Record(each.offset, 0, each.key, each.value) for each in chunk])
        _tell(found["transitions"], partition, outcome.transitions())
        _tell(found["alerts"], partition, outcome.alerts())
        _tell(found["scores"], partition, outcome.scores())
        for late in outcome.late:
            headers = _origin(partition, late, "late") | {"late_by_ms": late.late_by_ms}
            _append(found["late"], partition, late.customer_id.encode(), late.value, headers)
        for dead in outcome.dead_letters:
            headers = _origin(partition, dead, dead.reason.value) | {"error.message": dead.message}
            _append(found["dead_letters"], partition, dead.key, dead.value, headers)
        _append(found["kpis"], partition, b"%d" % partition, processor.kpis(), {})


def _origin(partition: int, record: LateTouchpoint | DeadLetter, reason: str) -> dict[str, object]:
    return {
        "source.topic": record.source_topic,
        "source.partition": partition,
        "source.offset": record.source_offset,
        "error.reason": reason,
    }


def _tell(
    topic: list[Read],
    partition: int,
    outputs: Iterable[StageChanged | AlertRaised | AlertResolved | ScoreUpdated],
) -> None:
    for each in outputs:
        _append(topic, partition, each.customer_id.encode(), each, {"ce_id": each.id})


def _append(
    topic: list[Read], partition: int, key: bytes | None, value: object, headers: Mapping[str, object]
) -> None:
    offset = sum(read.partition == partition for read in topic)
    topic.append(as_read(partition, offset, key, value, headers))
