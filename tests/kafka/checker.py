"""Decides from what stands in the topics whether a run lost, repeated, invented or mixed anything. Pure.

It knows nothing of the run: it takes the log that the run has read, lets an undisturbed processor read it
too, and holds the outputs against that and against laws that need no second run. The log is one under one
model, from its first record on. `reading` brings the records.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence, Set
from typing import Any, Final

import msgspec

from schemas.dead_letter import KEPT_BYTES, DeadLetterReason
from schemas.instants import milliseconds
from schemas.outputs import AlertRaised, AlertResolved, ScoreUpdated, StageChanged
from schemas.views import PartitionKpis
from streams.model.definition import Model
from streams.runtime.processor import OUTCOMES, Processor
from tests.kafka import paths
from tests.kafka.evidence import Event, Evidence, Finding, Kind, Read
from tests.kafka.reference import Expected, expect

TYPES: Final[dict[str, Any]] = {
    "transitions": StageChanged,
    "alerts": AlertRaised | AlertResolved,
    "scores": ScoreUpdated,
}
ORIGIN: Final = ("source.topic", "source.partition", "source.offset", "error.reason")


def check(
    evidence: Evidence,
    model: Model,
    *,
    new_processor: Callable[[], Processor] | None = None,
    chunk: int = 1,
) -> list[Finding]:
    """Return all that is wrong.

    new_processor: how a worker makes its own, if not as Processor(model). chunk: how many records the
    undisturbed one gets at once; more than one (half a millisecond each) is quick, and then score updates
    that were never decided are not seen, because of several in a chunk only the last is known.
    """
    findings: list[Finding] = []
    found = {topic: _events(topic, getattr(evidence, topic), findings) for topic in TYPES}
    once = {topic: _once(events, findings) for topic, events in found.items()}
    deleted = _deleted(evidence.touchpoints)
    findings += paths.backwards(once["transitions"])
    findings += paths.stages(once["transitions"], model, deleted)
    findings += paths.backwards(once["alerts"])
    findings += paths.alerts(once["alerts"], model, deleted)
    findings += paths.backwards(found["scores"], Kind.STALE_WRITE)
    for topic in ("late", "dead_letters"):
        once[topic] = _once(_origins(topic, evidence, findings), findings)
    findings += _ended_twice(once)
    figures = _figures(evidence.kpis, findings)
    findings += _balance(evidence, once, figures)
    expected = expect(
        evidence,
        new_processor or (lambda: Processor(model, source=evidence.source, storing=False)),
        chunk=chunk,
    )
    for topic in ("transitions", "alerts", "late", "dead_letters"):
        findings += compare(once[topic], getattr(expected, topic))
    findings += compare_scores(found["scores"], expected.scores, all_known=chunk == 1, deleted=deleted)
    findings += _compare_totals(figures, expected)
    return findings


# Against an undisturbed run


def compare(found: Sequence[Event], expected: Sequence[Event]) -> Iterator[Finding]:
    """Find outputs that are missing, that nobody should have written, that differ or are out of order."""
    wanted = {(each.partition, each.id): each for each in expected}
    there = {(each.partition, each.id): each for each in found}
    for key, event in wanted.items():
        if key not in there:
            yield _finding(Kind.LOST, event, f"{event.content}")
    for key, event in there.items():
        if key not in wanted:
            yield _finding(Kind.INVENTED, event, f"{event.content}")
        elif event[:-1] != wanted[key][:-1] or event.content != wanted[key].content:
            yield _finding(Kind.DIFFERING, event, f"{event.content}, expected {wanted[key].content}")
    yield from _out_of_order(found, expected, Kind.REORDERED)


def compare_scores(
    found: Sequence[Event],
    expected: Sequence[Event],
    *,
    all_known: bool,
    deleted: Set[paths.Whom] = frozenset(),
) -> Iterator[Finding]:
    """Find score updates that were never decided, and customers whose last one is not the newest.

    A run leaves out those that a newer one follows within a flush, and compaction leaves out more.
    all_known: `expected` holds every one that was decided. deleted: whose last ones may be left out, too.
    """
    wanted = {(each.partition, each.id): each for each in expected}
    newest = {(each.partition, each.subject): each for each in expected}
    last = {(each.partition, each.subject): each for each in found}
    there = {(each.partition, each.id) for each in found}
    for event in found:
        decided = wanted.get((event.partition, event.id))
        if decided is None and all_known:
            yield _finding(Kind.INVENTED, event, f"{event.content}")
        elif decided is not None and event != decided:
            yield _finding(Kind.DIFFERING, event, f"{event.content}, expected {decided.content}")
    for whom, event in newest.items():
        if whom in deleted:
            continue
        if whom not in last or (last[whom].id != event.id and (event.partition, event.id) not in there):
            yield _finding(Kind.LOST, event, f"the newest scores: {event.content}")
        elif last[whom].id != event.id:
            yield _finding(Kind.STALE_WRITE, last[whom], f"stands after the newest, {event.id}")
    yield from _out_of_order(found, expected, Kind.STALE_WRITE)


def _out_of_order(found: Sequence[Event], expected: Sequence[Event], kind: Kind) -> Iterator[Finding]:
    ranks = {(each.partition, each.id): rank for rank, each in enumerate(expected)}
    highest: dict[paths.Whom, int] = {}
    for event in found:
        whom, rank = (event.partition, event.subject), ranks.get((event.partition, event.id))
        if rank is None:
            continue
        if rank < highest.get(whom, rank):
            yield _finding(kind, event, "stands after one that was decided later")
        highest[whom] = max(rank, highest.get(whom, rank))


def _compare_totals(figures: dict[int, PartitionKpis], expected: Expected) -> Iterator[Finding]:
    for partition, totals in expected.totals.items():
        if partition in figures:
            told = figures[partition].outcomes
            for name, count in totals.items():
                if name != "already_applied" and told.get(name, 0) != count:
                    yield Finding(
                        Kind.UNBALANCED,
                        "kpis",
                        partition,
                        name,
                        f"{told.get(name, 0)} counted, {count} expected",
                    )


# By themselves


def _events(topic: str, reads: Sequence[Read], findings: list[Finding]) -> list[Event]:
    """Return the outputs of a topic; those that are not what the contract says are findings."""
    decode, events = msgspec.json.Decoder(TYPES[topic]).decode, []
    for read in reads:
        where = f"offset {read.offset}"
        if topic == "scores" and not read.value:
            continue  # the customer was deleted
        try:
            output = decode(read.value)
        except msgspec.DecodeError as error:
            findings.append(Finding(Kind.DIFFERING, topic, read.partition, where, f"unreadable: {error}"))
            continue
        if read.key != output.customer_id.encode() or read.headers.get("ce_id") != output.id.encode():
            told = f"key {read.key!r} and ce_id {read.headers.get('ce_id')!r} of {output.id}"
            findings.append(Finding(Kind.DIFFERING, topic, read.partition, where, told))
        at_ms = milliseconds(output.at)
        events.append(Event(topic, read.partition, output.customer_id, output.id, at_ms, output))
    return events


def _once(events: Sequence[Event], findings: list[Finding]) -> list[Event]:
    """Return the events without repeats, which are findings."""
    kept: dict[tuple[int, str], Event] = {}
    for event in events:
        if kept.setdefault((event.partition, event.id), event) is not event:
            findings.append(_finding(Kind.DUPLICATED, event, "stands there twice"))
    return list(kept.values())


def _origins(topic: str, evidence: Evidence, findings: list[Finding]) -> list[Event]:
    """Return late touchpoints or dead letters as events, each held against the record that it came from."""
    log = {(read.partition, read.offset): read for read in evidence.touchpoints}
    events = []
    for read in getattr(evidence, topic):
        where = f"offset {read.offset}"
        if missing := [name for name in ORIGIN if name not in read.headers]:
            findings.append(Finding(Kind.DIFFERING, topic, read.partition, where, f"has no {missing}"))
            continue
        said = {name: value.decode() for name, value in read.headers.items()}
        partition, offset = int(said["source.partition"]), int(said["source.offset"])
        origin = log.get((partition, offset))
        if origin is None or said["source.topic"] != evidence.source or partition != read.partition:
            told = f"comes from {said['source.topic']}, partition {partition}, offset {offset}"
            findings.append(Finding(Kind.INVENTED, topic, read.partition, where, told))
            continue
        reasons = {"late"} if topic == "late" else {reason.value for reason in DeadLetterReason}
        same_key = topic == "late" or read.key == origin.key
        if read.value != origin.value[:KEPT_BYTES] or not same_key or said["error.reason"] not in reasons:
            findings.append(Finding(Kind.DIFFERING, topic, read.partition, where, "is not the original"))
        subject, rest = "", said.get("error.message", "")
        content: object = (said["error.reason"], rest)
        if topic == "late":
            subject, content = (read.key or b"").decode(), ("late", int(said["late_by_ms"]))
        events.append(Event(topic, partition, subject, str(offset), 0, content))
    return events


def _ended_twice(once: dict[str, list[Event]]) -> Iterator[Finding]:
    late = {(each.partition, each.id) for each in once["late"]}
    for each in once["dead_letters"]:
        if (each.partition, each.id) in late:
            yield _finding(Kind.DUPLICATED, each, "is a dead letter and late")


def _figures(kpis: Sequence[Read], findings: list[Finding]) -> dict[int, PartitionKpis]:
    """Return the last figures of every partition; figures that count less than those before are findings."""
    decode, found = msgspec.json.Decoder(PartitionKpis).decode, dict[int, PartitionKpis]()
    for read in kpis:
        partition, figures = int(read.key or b"-1"), decode(read.value)
        if partition in found and _ended(figures) < _ended(found[partition]):
            told = f"{_ended(figures)} records counted after {_ended(found[partition])}"
            findings.append(Finding(Kind.STALE_WRITE, "kpis", partition, f"offset {read.offset}", told))
        found[partition] = figures
    return found


def _ended(figures: PartitionKpis) -> int:
    """Return how many records of the log have ended in an outcome."""
    return sum(figures.outcomes[name] for name in OUTCOMES)


def _balance(
    evidence: Evidence, once: dict[str, list[Event]], figures: dict[int, PartitionKpis]
) -> Iterator[Finding]:
    """Find partitions whose records did not each end in one outcome, by the last figures."""
    records: defaultdict[int, int] = defaultdict(int)
    for read in evidence.touchpoints:
        records[read.partition] += 1
    for partition in sorted({*records, *figures}):
        if partition not in figures:
            yield Finding(
                Kind.UNBALANCED, "kpis", partition, "", f"no figures of {records[partition]} records"
            )
            continue
        ended, outcomes = _ended(figures[partition]), figures[partition].outcomes
        if ended != records[partition]:
            told = f"{records[partition]} records, and {ended} outcomes: {outcomes}"
            yield Finding(Kind.UNBALANCED, "kpis", partition, "", told)
        for topic, outcome in (("late", "late"), ("dead_letters", "dead_letter")):
            written = sum(each.partition == partition for each in once[topic])
            if written != outcomes[outcome]:
                told = f"{written} records in the topic, and {outcomes[outcome]} counted"
                yield Finding(Kind.UNBALANCED, topic, partition, "", told)


class _Deletion(msgspec.Struct):
    kind: str = ""
    customer_id: str | None = None


def _deleted(touchpoints: Sequence[Read]) -> set[paths.Whom]:
    """Return who was deleted at some time."""
    decode, found = msgspec.json.Decoder(_Deletion).decode, set[paths.Whom]()
    for read in touchpoints:
        try:
            said = decode(read.value)
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
        if said.kind == "delete" and said.customer_id is not None:
            found.add((read.partition, said.customer_id))
    return found


def _finding(kind: Kind, event: Event, detail: str) -> Finding:
    return Finding(kind, event.topic, event.partition, event.subject, f"{event.id}: {detail}")
