"""What becomes of a record in the oracle: late, duplicate, suppressed, deleted; ticks; and the map."""

import pytest
import xxhash

from schemas.touchpoint import Touchpoint
from streams.model.definition import Alert, Condition, Settings
from tests.compare import equal_states
from tests.engine.lives import MIDNIGHT, NOON, Life, small_model
from tests.nodes import DAY, HOUR, MINUTE, compare, duration, rule, term
from tests.oracle.mapping import EPOCH, fits, glob
from tests.random_histories import at, written

SILENCE = Alert("silence", "state", when=rule(compare(term("since", "visit"), ">=", duration(DAY))))


def test_late_is_older_than_the_clock_minus_grace() -> None:
    """Just at grace is applied; one millisecond older is late, changes nothing, and its id stays unknown."""
    life = Life(small_model())
    life.event("visit", NOON)
    at_grace = life.event("visit", NOON - DAY)
    before = life.state()

    outcome = life.event("visit", NOON - DAY - 1, message="late")

    assert (at_grace, outcome) == ("applied", "late")
    assert equal_states(before, life.state()) == []
    assert life.event("visit", NOON, message="late") == "applied"


def test_the_first_of_two_with_one_id_wins() -> None:
    """The same again is a duplicate; written in any other way, a conflict as well."""
    life = Life(small_model())
    life.event("visit", NOON, message="x")

    assert life.event("visit", NOON, message="x") == "duplicate"
    assert life.oracle.totals["conflict"] == 0
    assert life.event("visit", NOON, message="x", received_at=written(NOON)) == "duplicate"
    assert life.event("buy", NOON, message="x") == "duplicate"
    assert life.oracle.totals["conflict"] == 2
    assert life.event("visit", NOON, message="x", customer="c2") == "applied"
    assert life.reads(term("count", "visit"), NOON) == 1.0


def test_an_id_is_remembered_while_it_could_not_be_late() -> None:
    """As long as its timestamp is within grace of the clock; a newer touchpoint may use it afterwards."""
    life = Life(small_model())
    life.event("visit", NOON, message="x")
    life.event("visit", NOON + DAY)
    within = life.event("visit", NOON + DAY, message="x")
    life.event("visit", NOON + DAY + 1)

    assert within == "duplicate"
    assert life.event("visit", NOON + DAY, message="x") == "applied"


def test_a_deletion_wipes_and_what_is_not_newer_is_suppressed() -> None:
    """The row begins anew with the first newer touchpoint, in the next incarnation."""
    life = Life(small_model())
    life.event("visit", NOON - HOUR)
    life.event("gone", NOON, kind="delete")
    deleted = life.state()
    suppressed = life.event("visit", NOON)
    fresh = life.event("visit", NOON + 1)

    assert deleted == {"status": "deleted", "clock": NOON, "incarnation": 1}
    assert (suppressed, fresh) == ("suppressed", "applied")
    assert life.state()["incarnation"] == 1
    assert life.state()["first"] == NOON + 1
    assert life.state()["signals"]["visit"]["count"] == 1
    assert life.state()["sequence"] == 1


def test_a_tick_lets_rows_go_on_to_timer_grace_before_it() -> None:
    """What is due then is told; one millisecond earlier it is not yet."""
    life = Life(small_model(alerts=(SILENCE,), settings=Settings(min_change=1000.0, timer_grace_ms=MINUTE)))
    life.event("visit", NOON)
    life.oracle.tick(NOON + DAY + MINUTE - 1)
    before = life.alerts()

    life.oracle.tick(NOON + DAY + MINUTE)

    assert before == []
    assert life.alerts() == [("raised", "silence", NOON + DAY)]


def test_a_tick_moves_the_clock_only_to_what_was_told() -> None:
    """So lateness does not depend on idle ticks; one that raises moves the clock to the raise."""
    life = Life(small_model(alerts=(SILENCE,)))
    life.event("visit", NOON)
    life.oracle.tick(NOON + DAY - 1)
    idle = life.state()["clock"]
    life.oracle.tick(NOON + 90 * DAY)

    assert idle == NOON
    assert life.state()["clock"] == NOON + DAY
    assert life.event("visit", NOON) == "applied"
    assert life.event("visit", NOON - 1) == "late"


def test_ticks_change_nothing_but_when_things_are_told() -> None:
    """With and without ticks in between the same is told of one customer."""
    ticked, quiet = Life(small_model(alerts=(SILENCE,))), Life(small_model(alerts=(SILENCE,)))
    for days in (0, 3, 5):
        for life in (ticked, quiet):
            life.event("visit", NOON + days * DAY)
        ticked.oracle.tick(NOON + days * DAY + 30 * HOUR)
    for life in (ticked, quiet):
        life.oracle.until(NOON + 20 * DAY)

    assert ticked.oracle.happenings == quiet.oracle.happenings
    assert len(quiet.told("raised")) == 3


def test_a_touchpoint_within_grace_is_evaluated_at_the_clock() -> None:
    """It is applied at its own instant, and told where the row is."""
    many = Alert("many", "state", when=rule(compare(term("count", "visit"), ">=", 2)))
    life = Life(small_model(alerts=(many,)))
    life.event("push", NOON)
    life.event("visit", NOON)
    life.event("visit", NOON - HOUR)

    assert life.alerts() == [("raised", "many", NOON)]
    assert life.state()["first"] == NOON - HOUR


def test_ids_are_hashes_of_subject_thing_sequence_and_incarnation() -> None:
    """The first thing told of a customer is its scores, number 1 of incarnation 0."""
    life = Life(small_model())
    life.event("visit", NOON)

    expected = xxhash.xxh3_128_hexdigest(b"c1\x1fscores\x1f1\x1f0")

    assert life.oracle.happenings[0]["id"] == expected
    assert life.oracle.happenings[0]["message_id"] == "m0"


def test_a_life_may_begin_in_1970_and_end_in_9999() -> None:
    """Eight thousand years of silence raise one alert, at once and at its instant."""
    life = Life(small_model(alerts=(SILENCE,), settings=Settings()))
    life.event("visit", 0)
    last = at(9999, 12, 31, 23, 59)

    outcome = life.event("buy", last)

    assert outcome == "applied"
    assert life.alerts() == [("raised", "silence", DAY)]
    assert life.state()["clock"] == last
    assert life.state()["signals"]["visit"]["first"] == 0


def test_every_touchpoint_has_one_outcome() -> None:
    """The totals of the four outcomes add up to what came in."""
    life = Life(small_model())
    outcomes = [
        life.event("visit", MIDNIGHT, message="a"),
        life.event("visit", MIDNIGHT, message="a"),
        life.event("unheard of", MIDNIGHT),
        life.event("visit", MIDNIGHT - 2 * DAY),
        life.event("gone", MIDNIGHT, kind="delete"),
        life.event("visit", MIDNIGHT),
    ]

    assert outcomes == ["applied", "duplicate", "applied", "late", "applied", "suppressed"]
    assert life.oracle.totals == {
        "applied": 3,
        "unmapped": 1,
        "duplicate": 1,
        "late": 1,
        "suppressed": 1,
        "conflict": 0,
    }


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("*", "", True),
        ("a*c", "abc", True),
        ("a*c", "abd", False),
        ("a?c", "ac", False),
        ("a?c", "abc", True),
        ("[ab]", "a", False),
        ("Page*", "page", False),
    ],
)
def test_a_glob_knows_two_signs(pattern: str, text: str, matches: bool) -> None:
    """`*` is any characters, `?` exactly one, brackets are brackets, case matters."""
    assert glob(pattern, text) is matches


@pytest.mark.parametrize(
    ("condition", "properties", "holds"),
    [
        (Condition("properties.a.b", "eq", 1), {"a": {"b": 1.0}}, True),
        (Condition("properties.a", "eq", 1), {"a": True}, False),
        (Condition("properties.a", "eq", True), {"a": 1}, False),
        (Condition("properties.a", "eq", "1"), {"a": 1}, False),
        (Condition("properties.a", "any", ("x", 2)), {"a": 2}, True),
        (Condition("properties.a", "any", ("x", 2)), {"a": "2"}, False),
        (Condition("properties.a", "ge", 2), {"a": 2}, True),
        (Condition("properties.a", "gt", 2), {"a": 2}, False),
        (Condition("properties.a", "le", 2), {"a": "1"}, False),
        (Condition("properties.a", "lt", 2), {"a": 10**400}, False),
        (Condition("properties.a", "exists", True), {"a": None}, False),
        (Condition("properties.a", "exists", False), {}, True),
        (Condition("properties.a.b", "exists", False), {"a": "text"}, True),
        (Condition("properties.a", "glob", "x*"), {"a": 1}, False),
        (Condition("direction", "eq", "in"), {}, True),
        (Condition("channel", "glob", "o*"), {}, True),
    ],
)
def test_conditions_are_typed(condition: Condition, properties: dict[str, object], holds: bool) -> None:
    """Text is compared with text, truth with truth, number with number; only `exists` sees nothing."""
    touchpoint = Touchpoint(message_id="m", event="e", timestamp=EPOCH, properties=properties)

    assert fits(touchpoint, condition) is holds
