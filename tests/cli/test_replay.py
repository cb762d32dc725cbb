"""`rapport replay`: what it writes, what it counts, and how it refuses."""

import base64
import gzip
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from schemas.dead_letter import DeadLetter, DeadLetterReason
from streams.cli.replay import BUG, command, insist_on_the_sum
from streams.cli.replay_summary import Counts, Summary
from streams.ingest.history import Tally
from tests.figures import NOBODY

SAMPLES = Path(__file__).parents[1] / "data" / "replay"
CDNOW = SAMPLES / "cdnow_first_30.txt"
CDNOW_MAPPING = SAMPLES / "cdnow.yaml"
EDITS = SAMPLES / "edits_first_40.jsonl"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def replayed(*arguments: object) -> Result:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result


def lines_of(path: Path) -> list[dict[str, object]]:
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return [json.loads(line) for line in content.splitlines()]


def order(number: int, at: str, **changes: object) -> str:
    fields: dict[str, object] = {"message_id": f"m{number}", "customer_id": "c1", "event": "Order Completed"}
    return json.dumps(fields | {"timestamp": at, "properties": {"revenue": 10}} | changes)


def counted(result: Result, name: str) -> int:
    """Return the number beside a name in the summary table."""
    (line,) = (line for line in result.stdout.splitlines() if "│" in line and name in line)
    return int(line.split("│")[2].replace(",", ""))


def purchases(path: Path) -> dict[str, object]:
    return {str(customer["customer_id"]): customer["signals"]["purchase"] for customer in lines_of(path)}  # type: ignore[index]


def test_customers_are_written_with_everything_that_the_contract_names(tmp_path: Path) -> None:
    """One object per customer, sorted by id; times are RFC 3339 with milliseconds and Z."""
    out = tmp_path / "customers.jsonl"

    replayed(CDNOW, "--mapping", CDNOW_MAPPING, "--customers", out)

    customers = lines_of(out)
    names = ["customer_id", "first", "last", "scores", "dimensions", "stages", "signals", "rfm"]
    assert [list(customer) for customer in customers] == [names] * len(customers)
    assert [customer["customer_id"] for customer in customers][:3] == ["00001", "00002", "00003"]
    assert customers[1]["first"] == customers[1]["last"] == "1997-01-12T00:00:00.000Z"
    assert customers[1]["signals"]["purchase"] == {  # type: ignore[index]
        "count": 2,
        "days": 1,
        "sum": 89.0,
        "first": "1997-01-12T00:00:00.000Z",
        "last": "1997-01-12T00:00:00.000Z",
    }
    assert customers[1]["rfm"] == {"recency_ms": 0, "frequency": 2, "monetary": 89.0}
    assert set(customers[1]["scores"]) == {"engagement"}  # type: ignore[call-overload]


def test_sorted_or_not_each_customer_has_the_same_history(tmp_path: Path) -> None:
    """The sample is sorted by customer; a customer's result depends on its own touchpoints alone."""
    as_it_is, in_time = tmp_path / "a", tmp_path / "b"

    replayed(CDNOW, "--mapping", CDNOW_MAPPING, "--customers", as_it_is)
    replayed(CDNOW, "--mapping", CDNOW_MAPPING, "--customers", in_time, "--sort")

    assert as_it_is.read_bytes() == in_time.read_bytes()


def test_sorting_brings_disorder_into_the_order_of_time(tmp_path: Path) -> None:
    """A file that runs backwards is late by itself, and nothing is when it is sorted."""
    file = tmp_path / "f"
    file.write_text("\n".join(order(day, f"2026-01-{day:02}T12:00:00Z") for day in (9, 7, 5, 3, 1)))

    as_it_is, in_time = replayed(file), replayed(file, "--sort")

    assert [counted(as_it_is, "applied"), counted(as_it_is, "late")] == [1, 4]
    assert [counted(in_time, "applied"), counted(in_time, "late")] == [5, 0]


@pytest.mark.parametrize("sort", [[], ["--sort"]])
@pytest.mark.parametrize(
    ("until", "applied"),
    [
        ("1997-09-30", 2),
        ("1997-09-29", 0),
        ("1997-09-30T23:59:59.998Z", 1),
        ("1997-09-30T23:59:59.999Z", 2),
        ("1997-10-01T01:59:59.999+02:00", 2),
        ("1997-10-01T00:00:00Z", 3),
    ],
)
def test_until_is_inclusive_and_a_bare_date_means_through_that_day(
    tmp_path: Path, until: str, applied: int, sort: list[str]
) -> None:
    """Both sides of the midnight; what lies after it is counted and changes nothing."""
    file = tmp_path / "f"
    times = ("1997-09-30T00:00:00Z", "1997-09-30T23:59:59.999Z", "1997-10-01T00:00:00Z")
    file.write_text("\n".join(order(number, at) for number, at in enumerate(times)))

    result = replayed(file, "--until", until, *sort)

    assert counted(result, "applied") == applied
    if applied < 3:
        assert counted(result, "after --until") == 3 - applied


def test_time_passes_to_until_and_without_it_to_the_last_touchpoint(tmp_path: Path) -> None:
    """Seven days after a purchase the customer is in post-purchase, if time goes so far."""
    file, out = tmp_path / "f", tmp_path / "t"
    file.write_text(order(1, "2026-01-01T00:00:00Z"))

    stages: dict[str, object] = {}
    for until in ("2026-01-07T23:59:59.999Z", "2026-01-08T00:00:00Z"):
        replayed(file, "--until", until, "--transitions", out)
        stages[until] = lines_of(out)[-1]["to_stage"]
    replayed(file, "--transitions", out)
    stages["never"] = lines_of(out)[-1]["to_stage"]

    assert list(stages.values()) == ["purchase", "post_purchase", "purchase"]


def test_every_row_ends_in_exactly_one_place_and_dead_letters_are_loud(tmp_path: Path) -> None:
    """Bad rows change nothing but the counts: exit code 0, the first three shown, all of them written."""
    file, out = tmp_path / "f.jsonl", tmp_path / "dead.jsonl.gz"
    good = order(1, "2026-01-01T00:00:00Z")
    bad = [
        "not json",
        order(2, "2026-01-01T00:00:00"),
        '{"kind": "tick", "timestamp": "2026-01-01T00:00:00Z"}',
        order(3, "2026-01-01T00:00:00Z", customer_id=None),
        order(4, "2026-01-01T00:00:00Z", event=""),
    ]
    file.write_text("\n".join([good, *bad, good]))

    result = replayed(file, "--dead-letters", out)

    assert [counted(result, name) for name in ("rows read", "applied", "duplicates", "dead letters")] == [
        7,
        1,
        1,
        5,
    ]
    assert "5 rows were not understood" in result.stdout
    assert [f"line {line}" in result.stdout for line in (2, 3, 4, 5)] == [True, True, True, False]
    letters = lines_of(out)
    assert [letter["source_offset"] for letter in letters] == [2, 3, 4, 5, 6]
    assert [base64.b64decode(str(letter["value"])).decode() for letter in letters] == bad
    assert [letter["reason"] for letter in letters] == [
        "not_json",
        "invalid",
        "internal_kind",
        "no_subject",
        "invalid",
    ]
    assert {letter["source_topic"] for letter in letters} == {str(file)}


def test_a_mapped_row_that_the_processor_refuses_keeps_its_own_bytes(tmp_path: Path) -> None:
    """The dead letter shows the line of the file, not what the mapping made of it."""
    file, out = tmp_path / "f", tmp_path / "dead"
    head, first, second, *_ = CDNOW.read_text().splitlines()
    file.write_text("\n".join([head, first, second.replace("00002", "0" * 300)]))

    replayed(file, "--mapping", CDNOW_MAPPING, "--dead-letters", out)

    (letter,) = lines_of(out)
    assert letter["source_offset"] == 3
    assert base64.b64decode(str(letter["value"])).decode() == second.replace("00002", "0" * 300)


def test_several_files_are_one_history_and_a_file_given_twice_counts_once(tmp_path: Path) -> None:
    """Ids of digest and row number find the second copy, packed or not. (Unsorted, much of it is late.)"""
    packed = tmp_path / "copy.gz"
    packed.write_bytes(gzip.compress(CDNOW.read_bytes()))

    result = replayed(CDNOW, packed, "--mapping", CDNOW_MAPPING, "--sort")

    assert [counted(result, name) for name in ("rows read", "applied", "duplicates")] == [60, 30, 30]


def test_segment_calls_are_replayed_beside_own_touchpoints(tmp_path: Path) -> None:
    """One customer, two shapes."""
    file, out = tmp_path / "f", tmp_path / "customers"
    segment = {"type": "track", "messageId": "s1", "userId": "c1", "event": "Order Completed"}
    segment |= {"timestamp": "2026-01-02T00:00:00Z", "properties": {"total": 5}}  # type: ignore[dict-item]
    file.write_text(order(1, "2026-01-01T00:00:00Z") + "\n" + json.dumps(segment))

    replayed(file, "--customers", out)

    assert purchases(out)["c1"]["sum"] == 15  # type: ignore[index]


def test_the_model_tells_robots_from_people_by_a_property(tmp_path: Path) -> None:
    """`where` looks at a property that the mapping carried over as a flag."""
    out = tmp_path / "customers"
    robots = sum(json.loads(line)["isRobot"] for line in EDITS.read_text().splitlines())

    replayed(
        EDITS,
        "--mapping",
        SAMPLES / "edits.yaml",
        "--model",
        SAMPLES / "edits_model.yaml",
        "--customers",
        out,
    )

    signals = [customer["signals"] for customer in lines_of(out)]
    found = [
        sum(each[name]["count"] for each in signals if name in each) for name in ("robot_edit", "human_edit")
    ]  # type: ignore[index, operator]
    assert found == [robots, 40 - robots]
    assert 0 < robots < 40


def test_alerts_and_transitions_are_the_public_outputs(tmp_path: Path) -> None:
    """As they would cross a topic, each with its reason; the summary counts what was written."""
    file, transitions, alerts = tmp_path / "f", tmp_path / "t", tmp_path / "a.gz"
    survey = {"event": "NPS Answered", "properties": {"score": 3}}
    file.write_text(order(1, "2026-01-01T00:00:00Z") + "\n" + order(2, "2026-01-02T00:00:00Z", **survey))

    result = replayed(file, "--transitions", transitions, "--alerts", alerts)

    assert counted(result, "transitions") == len(lines_of(transitions)) > 0
    assert counted(result, "alerts raised") == len(lines_of(alerts)) == 1
    assert [(alert["type"], alert["alert"]) for alert in lines_of(alerts)] == [("alert_raised", "detractor")]
    assert "because" in lines_of(transitions)[0]


def test_the_same_replay_writes_the_same_bytes(tmp_path: Path) -> None:
    """Compressed outputs hold no name and no time."""
    first, second = tmp_path / "one.gz", tmp_path / "two.gz"

    for out in (first, second):
        replayed(CDNOW, "--mapping", CDNOW_MAPPING, "--transitions", out)

    assert first.read_bytes() == second.read_bytes()


def test_an_empty_file_is_a_short_history(tmp_path: Path) -> None:
    """Nothing read, nothing lost."""
    file = tmp_path / "f"
    file.touch()

    assert counted(replayed(file), "rows read") == 0


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ([], 2, "FILE"),
        (["{tmp}/good", "--until", "soon"], 2, "1997-09-30T12:00:00Z"),
        (["{tmp}/good", "--until", "2026-01-31T12:00:00"], 2, "neither a date nor an instant"),
        (["{tmp}/good", "--customers", "{tmp}/good"], 2, "named twice"),
        (["{tmp}/good", "--alerts", "{tmp}/x", "--transitions", "{tmp}/./x"], 2, "named twice"),
        (["{tmp}/good", "{tmp}/missing"], 1, "missing: No such file"),
        (["{tmp}"], 1, "directory"),
        (["{tmp}/torn.gz"], 1, "torn.gz"),
        (["{tmp}/good", "--mapping", "{tmp}/missing.yaml"], 2, "missing.yaml: No such file"),
        (["{tmp}/good", "--mapping", "{tmp}/bad.yaml"], 2, "bad.yaml:1:9: error: cvs is not a format"),
        (["{tmp}/good", "--mapping", "{tmp}/torn.gz"], 2, "torn.gz"),
        (["{tmp}/good", "--model", "{tmp}/bad.yaml"], 2, "bad.yaml:1:1"),
        (["{tmp}/good", "--model", "startre"], 2, "starter"),
        (["{tmp}/good", "--customers", "{tmp}/no/where"], 1, "where: No such file"),
    ],
)
def test_what_cannot_work_is_refused_with_a_clear_message(
    tmp_path: Path, arguments: list[str], code: int, says: str
) -> None:
    """2 for a wrong call, mapping or model, 1 for files that cannot be used; inputs stay as they are."""
    good = order(1, "2026-01-01T00:00:00Z").encode()
    (tmp_path / "good").write_bytes(good)
    (tmp_path / "torn.gz").write_bytes(gzip.compress(good)[:-9])
    (tmp_path / "bad.yaml").write_text("format: cvs\n")

    result = run(*(argument.replace("{tmp}", str(tmp_path)) for argument in arguments))

    assert result.exit_code == code
    assert says in result.stderr
    assert (tmp_path / "good").read_bytes() == good


def test_a_full_disk_stops_the_replay() -> None:
    """The device /dev/full takes nothing."""
    result = run(CDNOW, "--mapping", CDNOW_MAPPING, "--customers", "/dev/full")

    assert result.exit_code == 1
    assert "/dev/full: No space left" in result.stderr


def summary(*, rows: int) -> Summary:
    """Return what a replay of five rows comes to, said to have read `rows`."""
    return Summary(
        model="m",
        tally=Tally(rows=rows, after_until=1, refused=1),
        totals={"applied": 2, "unmapped": 1, "duplicate": 1, "conflict": 1},
        counts=Counts(),
        kpis=NOBODY,
        seconds=1.0,
    )


@pytest.mark.parametrize(("rows", "missing"), [(4, -1), (6, 1)])
def test_a_row_lost_or_counted_twice_is_a_bug_with_its_own_exit_code(rows: int, missing: int) -> None:
    """The conservation law is checked at the end of each replay: planted, the fault is caught."""
    insist_on_the_sum(summary(rows=5))

    with pytest.raises(SystemExit) as raised:
        insist_on_the_sum(summary(rows=rows))

    assert raised.value.code == BUG
    assert summary(rows=rows).missing == missing


def test_only_the_first_dead_letters_are_kept_to_be_shown() -> None:
    """All are counted; three are kept, in order."""
    letters = [
        DeadLetter(reason=DeadLetterReason.INVALID, message=str(number), value=b"") for number in range(5)
    ]
    counts = Counts()

    for letter in letters:
        counts.bury([letter])

    assert counts.dead_letters == 5
    assert counts.first_dead_letters == letters[:3]
