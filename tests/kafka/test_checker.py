"""Every anomaly, planted into what a good run leaves behind, is seen; and a good run is found good."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import pytest

from tests.kafka import checker
from tests.kafka.evidence import Evidence, Finding, Kind, Read, told
from tests.kafka.good_set import MODEL, good_set, new_processor

Plant = Callable[[Evidence], Evidence]


def check(evidence: Evidence, *, chunk: int = 1) -> list[Finding]:
    """Return what the checker finds."""
    return checker.check(evidence, MODEL, new_processor=new_processor, chunk=chunk)


def changed(read: Read, **fields: Any) -> Read:
    """Return a record whose value has other fields."""
    return read._replace(value=msgspec.json.encode(msgspec.json.decode(read.value) | fields))


def of_one_customer(reads: Sequence[Read]) -> list[int]:
    """Return the places of the records of the customer that has most of them."""
    keys = [read.key for read in reads]
    most = max(set(keys), key=lambda key: (keys.count(key), key or b""))
    return [place for place, key in enumerate(keys) if key == most]


def with_topic(good: Evidence, topic: str, reads: Sequence[Read]) -> Evidence:
    """Return the evidence with other records in a topic."""
    return Evidence(**{**good._asdict(), topic: reads})


def without(topic: str, place: int) -> Plant:
    """Plant the loss of a record."""

    def plant(good: Evidence) -> Evidence:
        reads = list(getattr(good, topic))
        del reads[place]
        return with_topic(good, topic, reads)

    return plant


def twice(topic: str, place: int) -> Plant:
    """Plant a repeat."""

    def plant(good: Evidence) -> Evidence:
        reads = list(getattr(good, topic))
        reads.insert(place + 3, reads[place])
        return with_topic(good, topic, reads)

    return plant


def swapped(topic: str) -> Plant:
    """Plant two neighbours of one customer that changed places, with different times."""

    def plant(good: Evidence) -> Evidence:
        reads = list(getattr(good, topic))
        places = of_one_customer(reads)
        times = [msgspec.json.decode(reads[place].value)["at"] for place in places]
        a, b = next((places[i], places[i + 1]) for i in range(len(places) - 1) if times[i] != times[i + 1])
        reads[a], reads[b] = reads[b], reads[a]
        return with_topic(good, topic, reads)

    return plant


def edited(topic: str, place: int, **fields: Any) -> Plant:
    """Plant a record that says something else."""

    def plant(good: Evidence) -> Evidence:
        reads = list(getattr(good, topic))
        reads[place] = changed(reads[place], **fields)
        return with_topic(good, topic, reads)

    return plant


def with_header(topic: str, **headers: bytes) -> Plant:
    """Plant other headers in the first record; names have a dot for each underscore."""

    def plant(good: Evidence) -> Evidence:
        reads = list(getattr(good, topic))
        named = {name.replace("_", "."): value for name, value in headers.items()}
        reads[0] = reads[0]._replace(headers={**reads[0].headers, **named})
        return with_topic(good, topic, reads)

    return plant


def a_stale_owner_writes_scores(good: Evidence) -> Evidence:
    """Plant the write of an owner that was stopped, long after its partition had gone on."""
    places = of_one_customer(good.scores)
    return good._replace(scores=[*good.scores, good.scores[places[0]]._replace(offset=10**6)])


def a_stale_owner_hides_the_newest_scores(good: Evidence) -> Evidence:
    """Plant the same after compaction: of the customer only the stale record is left."""
    places = of_one_customer(good.scores)
    return good._replace(scores=[read for at, read in enumerate(good.scores) if at not in places[1:]])


def a_stale_owner_writes_figures(good: Evidence) -> Evidence:
    """Plant figures from before, after the last ones."""
    return good._replace(kpis=[*good.kpis, good.kpis[0]])


def a_record_counted_twice(good: Evidence) -> Evidence:
    """Plant totals that hold one touchpoint more than the log."""
    last = msgspec.json.decode(good.kpis[-1].value)
    outcomes = last["outcomes"] | {"applied": last["outcomes"]["applied"] + 1}
    return edited("kpis", len(good.kpis) - 1, outcomes=outcomes)(good)


def a_touchpoint_gone(good: Evidence) -> Evidence:
    """Plant a log that has one record less than was counted."""
    return without("touchpoints", len(good.touchpoints) - 1)(good)


def a_resolution_first(good: Evidence) -> Evidence:
    """Plant the loss of a raise whose resolution is there."""
    values = [msgspec.json.decode(read.value) for read in good.alerts]
    raised = {value.get("raised_id") for value in values}
    return without("alerts", next(at for at, value in enumerate(values) if value["id"] in raised))(good)


def another_raise_resolved(good: Evidence) -> Evidence:
    """Plant a resolution that names an alert that is not open."""
    place = next(at for at, read in enumerate(good.alerts) if b'"raised_id"' in read.value)
    return edited("alerts", place, raised_id="nobody")(good)


def late_and_dead(good: Evidence) -> Evidence:
    """Plant a late touchpoint that is a dead letter too."""
    late = good.late[0]
    dead = late._replace(headers={**late.headers, "error.reason": b"invalid"})
    return good._replace(dead_letters=[*good.dead_letters, dead])


def to_stage(place_of: str, stage: str) -> Plant:
    """Plant a move of the ladder from a stage to one that is not entered from there."""

    def plant(good: Evidence) -> Evidence:
        values = [msgspec.json.decode(read.value) for read in good.transitions]
        place = next(at for at, value in enumerate(values) if value["from_stage"] == place_of)
        return edited("transitions", place, to_stage=stage)(good)

    return plant


def in_another_partition(good: Evidence) -> Evidence:
    """Plant an output that went to the wrong partition."""
    moved = good.transitions[0]._replace(partition=1)
    return good._replace(transitions=[*good.transitions[1:], moved])


@pytest.fixture(scope="module")
def good() -> Evidence:
    return good_set()


def test_a_good_run_is_found_good(good: Evidence) -> None:
    """And it holds something of everything that the checker looks at."""
    findings = check(good)

    assert findings == [], told(findings)
    outcomes = [msgspec.json.decode(read.value)["outcomes"] for read in good.kpis]
    for outcome in ("applied", "duplicate", "late", "dead_letter", "internal"):
        assert outcomes[-1][outcome] > 0, outcome
    moves = [msgspec.json.decode(read.value) for read in good.transitions]
    assert {"customer", "dormant", "reactivated", "buyer", None} <= {move["to_stage"] for move in moves}
    for said in (b'"raised_id"', b"detractor", b"silence"):
        assert any(said in read.value for read in good.alerts)
    assert any(b'"delete"' in read.value for read in good.touchpoints)


@pytest.mark.parametrize("seed", range(2, 6))
def test_other_good_runs_are_found_good(seed: int) -> None:
    """Other histories, other chunks: the checker has no opinion on how a run was cut."""
    assert told(check(good_set(seed))) == ""


def test_a_compacted_topic_of_scores_is_good(good: Evidence) -> None:
    """Only the last record of each customer is left."""
    compacted = list({(read.partition, read.key): read for read in good.scores}.values())

    assert told(check(good._replace(scores=compacted))) == ""


@pytest.mark.parametrize(
    ("plant", "kind", "topic"),
    [
        (without("transitions", 5), Kind.LOST, "transitions"),
        (without("alerts", -1), Kind.LOST, "alerts"),
        (without("late", 0), Kind.LOST, "late"),
        (without("late", 0), Kind.UNBALANCED, "late"),
        (without("dead_letters", 0), Kind.LOST, "dead_letters"),
        (without("dead_letters", 0), Kind.UNBALANCED, "dead_letters"),
        (without("scores", -1), Kind.LOST, "scores"),
        (twice("transitions", 5), Kind.DUPLICATED, "transitions"),
        (twice("alerts", 0), Kind.DUPLICATED, "alerts"),
        (twice("scores", 2), Kind.DUPLICATED, "scores"),
        (twice("late", 0), Kind.DUPLICATED, "late"),
        (twice("dead_letters", 0), Kind.DUPLICATED, "dead_letters"),
        (late_and_dead, Kind.DUPLICATED, "dead_letters"),
        (edited("transitions", 5, id="nobody"), Kind.INVENTED, "transitions"),
        (edited("scores", 2, id="nobody"), Kind.INVENTED, "scores"),
        (in_another_partition, Kind.INVENTED, "transitions"),
        (with_header("late", source_offset=b"999999"), Kind.INVENTED, "late"),
        (with_header("dead_letters", source_topic=b"other"), Kind.INVENTED, "dead_letters"),
        (edited("transitions", 5, dwell_ms=1), Kind.DIFFERING, "transitions"),
        (edited("scores", 2, scores={"engagement": 1.0}), Kind.DIFFERING, "scores"),
        (edited("alerts", 0, at=5), Kind.DIFFERING, "alerts"),
        (edited("alerts", 0, customer_id="somebody"), Kind.DIFFERING, "alerts"),
        (with_header("dead_letters", error_reason=b"whim"), Kind.DIFFERING, "dead_letters"),
        (with_header("late", error_reason=b"invalid"), Kind.DIFFERING, "late"),
        (swapped("transitions"), Kind.REORDERED, "transitions"),
        (swapped("alerts"), Kind.REORDERED, "alerts"),
        (swapped("scores"), Kind.STALE_WRITE, "scores"),
        (a_stale_owner_writes_scores, Kind.STALE_WRITE, "scores"),
        (a_stale_owner_hides_the_newest_scores, Kind.LOST, "scores"),
        (a_stale_owner_writes_figures, Kind.STALE_WRITE, "kpis"),
        (without("transitions", 5), Kind.ILLEGAL_PATH, "transitions"),
        (to_stage("engagement", "reactivated"), Kind.ILLEGAL_PATH, "transitions"),
        (to_stage("awareness", "awareness"), Kind.ILLEGAL_PATH, "transitions"),
        (to_stage("awareness", "elsewhere"), Kind.ILLEGAL_PATH, "transitions"),
        (edited("transitions", 5, framework="other"), Kind.ILLEGAL_PATH, "transitions"),
        (to_stage("buyer", "visitor"), Kind.ILLEGAL_PATH, "transitions"),
        (a_resolution_first, Kind.ILLEGAL_PATH, "alerts"),
        (another_raise_resolved, Kind.ILLEGAL_PATH, "alerts"),
        (edited("alerts", 0, alert="other"), Kind.ILLEGAL_PATH, "alerts"),
        (a_record_counted_twice, Kind.UNBALANCED, "kpis"),
        (a_touchpoint_gone, Kind.UNBALANCED, "kpis"),
        (lambda good: good._replace(kpis=[]), Kind.UNBALANCED, "kpis"),
    ],
)
def test_a_planted_anomaly_is_found(good: Evidence, plant: Plant, kind: Kind, topic: str) -> None:
    """Each kind, in each topic where it can be."""
    findings = check(plant(good))

    assert (kind, topic) in {(finding.kind, finding.topic) for finding in findings}, told(findings)


def test_in_chunks_only_an_invented_score_is_not_seen(good: Evidence) -> None:
    """A good run stays good, a stale write and a lost record are found; what costs less sees less."""
    assert told(check(good, chunk=100)) == ""
    invented = check(edited("scores", 2, id="nobody")(good), chunk=100)
    assert Kind.INVENTED not in {finding.kind for finding in invented}
    for plant, kind in (
        (a_stale_owner_writes_scores, Kind.STALE_WRITE),
        (a_stale_owner_hides_the_newest_scores, Kind.LOST),
        (edited("transitions", 5, id="nobody"), Kind.INVENTED),
    ):
        assert kind in {finding.kind for finding in check(plant(good), chunk=100)}


def test_a_flag_that_goes_on_twice_is_an_illegal_path(good: Evidence) -> None:
    """The loss of the transition between, in which it went off."""
    values = [msgspec.json.decode(read.value) for read in good.transitions]
    place = next(at for at, value in enumerate(values) if value["from_stage"] == "visitor")

    findings = check(without("transitions", place)(good))

    assert any(finding.kind is Kind.ILLEGAL_PATH and "visitor" in finding.detail for finding in findings)


def test_findings_are_told_in_a_few_lines(good: Evidence) -> None:
    """Counts first, then examples: a test that fails with thousands of findings stays readable."""
    findings = check(good._replace(transitions=[]))

    lines = told(findings, most=2).splitlines()

    assert lines[0] == f"{len(good.transitions)} lost in transitions"
    assert len(lines) == 3
