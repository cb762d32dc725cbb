"""The crash test: a real day, over HTTP, to a real process that is killed at twenty random moments."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.cli.upload import POST, Edit, End, Upload, edits, kills, read_end
from tests.real_data import data

pytestmark = [pytest.mark.slow, pytest.mark.compiled_only]


@pytest.fixture(scope="module")
def day() -> list[Edit]:
    return edits(data("wikipedia/edits-2015-09-12.jsonl.gz"))


@pytest.fixture(scope="module")
def calm(day: list[Edit], tmp_path_factory: pytest.TempPathFactory) -> End:
    """The end of the undisturbed run: every post answered at once."""
    upload = Upload(tmp_path_factory.mktemp("calm") / "up")
    upload.run(day)
    assert (upload.deaths, upload.cut_off, upload.sent) == (0, 0, len(day))
    return read_end(upload.data)


def audit(end: End, undisturbed: End) -> None:
    """Check that nothing is lost, counted twice or told twice, and that all is as in the undisturbed run."""
    counts = end.totals
    known = dict.fromkeys(end.message_ids)  # each once, in the order of the first arrival
    assert list(known) == undisturbed.message_ids, "an edit was lost, or stands elsewhere"
    assert counts["applied"] == len(known), "an edit was lost or counted twice"
    assert counts["duplicate"] == len(end.message_ids) - len(known), "a repeat was not known as one"
    assert counts["internal"] == end.ticks
    assert all(counts[name] == 0 for name in ("late", "suppressed", "dead_letter", "unmapped", "conflict"))

    assert end.ticked_ms == undisturbed.ticked_ms
    assert end.states.keys() == undisturbed.states.keys()
    assert [name for name in end.states if end.states[name] != undisturbed.states[name]] == []
    assert end.figures == undisturbed.figures
    assert end.flows == undisturbed.flows, "what happened per day was lost or counted twice"

    outputs = (*end.transitions.values(), *end.alerts.values(), list(filter(None, end.scores.values())))
    ids = Counter(msgspec.json.decode(value)["id"] for values in outputs for value in values)
    assert [each for each, times in ids.items() if times > 1] == [], "an output was repeated"
    for name in ("transitions", "alerts", "scores"):
        assert getattr(end, name) == getattr(undisturbed, name), f"{name} were lost, added or changed"


def test_the_undisturbed_day_is_counted_to_the_character(calm: End) -> None:
    """What all is compared with is right by itself, and full of what time alone changes."""
    sums = {
        name: sum(state["signals"][name]["sum"] for state in calm.states.values() if state["signals"][name])  # type: ignore[index]
        for name in ("added", "deleted")
    }
    told = [msgspec.json.decode(value) for life in calm.transitions.values() for value in life]
    by_time = [each for each in told if each["because"]["trigger"] == {"kind": "time"}]

    audit(calm, calm)

    assert calm.totals["applied"] == 39_244 == len(calm.message_ids)
    assert len(calm.states) == 10_531
    assert sums == {"added": 9_385_573, "deleted": 394_298}
    assert len(by_time) > 15_000
    assert all(calm.scores.values())


def test_killed_twenty_times_during_a_day_of_wikipedia_nothing_differs(
    day: list[Edit], calm: End, tmp_path: Path
) -> None:
    """Law 2: twenty SIGKILLs while the day is posted, each post retried until answered, change nothing.

    39,244 edits are posted in order to the whole `rapport up`, and read back by the code of a start. The
    moments fall in requests, flushes and starts. After each, the last answered post is sent once more too.
    Compared with an undisturbed run, without any tolerance: the canonical state of all 10,531 users, the
    figures about everybody, what flowed per day, and every transition, alert and last score, byte for
    byte (identity, because, at); each is there once. Every record stored is applied once or a duplicate.

    The clock is injected, and stands at the first edit of the post under way: by the clock on the wall
    the day is years ago, and the first tick would make whatever is posted after it late. Ticks still
    come in real time, so the two logs hold different ones in different places. The states and outputs are
    equal nevertheless, since no tick tells of an instant whose edits are not stored. In the end both
    clocks stand at the same instant, three days later.
    """
    upload = Upload(tmp_path / "killed", kills(seed=20150912, posts=-(-len(day) // POST)))

    upload.run(day)

    end = read_end(upload.data)
    assert upload.deaths == 20
    assert upload.cut_off > 0, "no kill fell into a request: the test shows too little"
    assert upload.accepted <= len(end.message_ids) <= upload.sent
    assert end.totals["duplicate"] > 0, "no post was repeated: the test shows too little"
    audit(end, calm)


def repeated(outputs: dict[str, list[bytes]]) -> dict[str, list[bytes]]:
    return {name: values * 2 for name, values in outputs.items()}


def later(outputs: dict[str, list[bytes]]) -> dict[str, list[bytes]]:
    return {name: [value.replace(b'Z"', b'1Z"', 1) for value in life] for name, life in outputs.items()}


@pytest.mark.parametrize(
    ("name", "fault", "found"),
    [
        ("message_ids", lambda ids: ids[:-1], "lost, or stands elsewhere"),
        ("message_ids", lambda ids: [*ids, ids[0]], "not known as one"),
        ("totals", lambda totals: totals | {"applied": totals["applied"] + 1}, "counted twice"),
        (
            "states",
            lambda states: {name: state | {"sequence": 0} for name, state in states.items()},
            "== \\[\\]",
        ),
        ("flows", lambda flows: {}, "per day"),
        ("transitions", repeated, "repeated"),
        ("alerts", later, "alerts were lost, added or changed"),
        ("scores", dict.fromkeys, "scores were lost, added or changed"),
    ],
)
def test_the_audit_finds_a_fault(calm: End, name: str, fault: Callable[[Any], Any], found: str) -> None:
    """Planted in what was read back, one at a time."""
    with pytest.raises(AssertionError, match=found):
        audit(calm._replace(**{name: fault(getattr(calm, name))}), calm)
