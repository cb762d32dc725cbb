"""Both sides of each boundary, worked out by hand: stages, dwell, exits and alerts, through the processor."""

import pytest

from schemas.instants import milliseconds
from schemas.outputs import AlertRaised
from streams.model.definition import Model
from streams.model.load import load_model_text
from streams.testing import TopologyTestDriver
from tests.nodes import DAY, HOUR, MINUTE
from tests.random_histories import LAST_MS, at, written

NOON = at(2024, 3, 13, 12)  # a Wednesday
MAP = """
model: small
version: 1
touchpoints:
  - {event: buy, signals: {buy: properties.revenue}}
  - {event: visit, signals: [visit], dimensions: {attention: 1}}
  - {event: leave, signals: [leave]}
  - {event: ask, signals: [ask], answers: {nps: {value: properties.score, scale: 0-10}}}
dimensions: {attention: {half_life: 1d, half_at: 1}}
answers: {nps: {window: 90d}}
scores: {engagement: attention}
"""


def model(rest: str) -> Model:
    """Return the small model with frameworks, alerts or settings added."""
    return load_model_text(MAP + rest)


def ladder(stage: str, *, rest: str = "", exits: str = "") -> str:
    """Return a ladder `way` of `low` and one stage `top`."""
    text = f"frameworks:\n  way:\n    kind: ladder\n{rest}    stages:\n      low: {{}}\n      top: {stage}\n"
    return text + (f"    exits:\n{exits}" if exits else "")


class Life:
    """A driver and a customer; instants go in and come out as epoch milliseconds."""

    def __init__(self, rules: str, **ways: int) -> None:
        self.driver = TopologyTestDriver(model(rules), **ways)  # type: ignore[arg-type]
        self.number = 0

    def event(self, name: str, when: int, *, message: str = "", **properties: float) -> None:
        """Tell a touchpoint."""
        self.number += 1
        record = {
            "message_id": message or f"m{self.number}",
            "customer_id": "c1",
            "event": name,
            "timestamp": written(when),
            "properties": properties,
        }
        self.driver.pipe(record)

    def moves(self) -> list[tuple[str | None, str | None, int]]:
        """Return (from, to, at) of each transition."""
        return [(each.from_stage, each.to_stage, milliseconds(each.at)) for each in self.driver.transitions]

    def raised(self) -> list[int]:
        """Return when alerts were raised."""
        return [milliseconds(each.at) for each in self.driver.alerts if isinstance(each, AlertRaised)]

    def stage(self) -> object:
        """Return the stage of `way`."""
        state = self.driver.state("c1")
        assert state is not None
        stages = state["stages"]
        assert isinstance(stages, dict)
        return stages["way"]


def test_a_stage_ends_in_its_first_false_millisecond_by_a_tick_alone() -> None:
    """A tick lets time pass up to itself minus the timer's grace, and the move is dated when it was due."""
    life = Life(ladder('{when: "since(buy) < 7d"}'))
    life.event("buy", NOON)
    due = NOON + 7 * DAY

    life.driver.tick(due + MINUTE - 1)
    before = life.moves()
    life.driver.tick(due + MINUTE)

    assert before == [(None, "top", NOON)]
    assert life.moves()[1:] == [("top", "low", due)]
    assert life.driver.transitions[-1].because.trigger.kind == "time"


def test_the_next_due_instant_is_known_before_it_comes() -> None:
    """It never lies after the next change, so that nobody has to poll."""
    life = Life(ladder('{when: "since(buy) < 7d"}'))
    life.event("buy", NOON)

    due = life.driver.processor.next_due_ms()

    assert NOON < due <= NOON + 7 * DAY
    life.driver.elapse(NOON + 7 * DAY)
    assert life.stage() == "low"


def test_dwell_holds_to_the_last_millisecond() -> None:
    """A stage entered at noon with a dwell of a day is left at noon of the next day, not 1 ms before."""
    life = Life(ladder('{when: "since(visit) < 1h"}', rest="    dwell: 24h\n"))
    life.event("visit", NOON)

    life.driver.elapse(NOON + DAY - 1)
    before = life.moves()
    life.driver.elapse(NOON + DAY)

    assert before == [(None, "top", NOON)]
    assert life.moves()[1:] == [("top", "low", NOON + DAY)]
    assert life.driver.transitions[-1].dwell_ms == DAY


def test_a_score_exactly_at_the_threshold_is_enough() -> None:
    """One visit is a score of 50: `>= 50` enters, `> 50` does not; a millisecond later 50 is gone."""
    enough, more = (
        Life(ladder('{when: "score.engagement >= 50"}')),
        Life(ladder('{when: "score.engagement > 50"}')),
    )

    for life in (enough, more):
        life.event("visit", NOON)
        life.driver.elapse(NOON + DAY)

    assert enough.moves() == [(None, "top", NOON), ("top", "low", NOON + 1)]
    assert more.moves() == [(None, "low", NOON)]


def test_hysteresis_holds_down_to_its_lower_threshold() -> None:
    """50 falls to 40 in the 38 044 584th millisecond (2^-(t/1d) = log2(1/0.6)); till then the stage stays."""
    life = Life(ladder('{when: "score.engagement >= 45", hysteresis: 5}'))
    life.event("visit", NOON)

    life.driver.elapse(NOON + 38_044_583)
    before = life.moves()
    life.driver.elapse(NOON + 38_044_584)

    assert before == [(None, "top", NOON)]
    assert life.moves()[1:] == [("top", "low", NOON + 38_044_584)]


def test_stay_keeps_and_never_enters() -> None:
    """A visit enters for an hour; `stay` holds it through the last millisecond of the third hour."""
    rules = ladder('{when: "since(visit) < 1h", stay: "since(buy) < 3h"}')
    life, never = Life(rules), Life(rules)
    never.event("buy", NOON)
    life.event("visit", NOON)
    life.event("buy", NOON + 1)

    life.driver.elapse(NOON + 4 * HOUR)

    assert never.moves() == [(None, "low", NOON)]
    assert life.moves() == [(None, "top", NOON), ("top", "low", NOON + 1 + 3 * HOUR)]


def test_a_hard_signal_waives_dwell_in_its_own_evaluation_only() -> None:
    """With it the stage falls at once; without it the dwell is waited for, though it was carried before."""
    rules = ladder('{when: "since(visit) < 1h"}', rest="    dwell: 24h\n    hard: [leave]\n")
    early, late = Life(rules), Life(rules)
    for life in (early, late):
        life.event("visit", NOON)

    early.event("leave", NOON + HOUR - 1)
    early.driver.elapse(NOON + 2 * HOUR)
    late.event("leave", NOON + HOUR)

    assert early.moves() == [(None, "top", NOON)]
    assert late.moves()[1:] == [("top", "low", NOON + HOUR)]
    assert late.driver.transitions[-1].direction.value == "lateral"


EXITS = """      back: {from: [gone], when: "since(activity) < 24h", for: 12h}
      gone: {when: "since(activity) >= 10d"}
"""


def test_exits_open_and_end_to_the_millisecond() -> None:
    """Gone after ten days; back for twelve hours, though its rule holds for a day; then the ladder."""
    life = Life(ladder('{when: "since(buy) < 7d"}', exits=EXITS, rest="    dwell: 90d\n"))
    life.event("visit", NOON)
    life.event("visit", NOON + 11 * DAY)

    life.driver.elapse(NOON + 11 * DAY + 12 * HOUR - 1)
    before = life.stage()
    life.driver.elapse(NOON + 11 * DAY + 12 * HOUR)

    assert before == "back"
    assert life.moves() == [
        (None, "low", NOON),
        ("low", "gone", NOON + 10 * DAY),
        ("gone", "back", NOON + 11 * DAY),
        ("back", "low", NOON + 11 * DAY + 12 * HOUR),
    ]


def test_an_exit_with_from_is_not_entered_from_elsewhere() -> None:
    """Activity after nine days is no return: nobody was gone."""
    life = Life(ladder('{when: "since(buy) < 7d"}', exits=EXITS))
    life.event("visit", NOON)

    life.event("visit", NOON + 10 * DAY - 1)

    assert life.moves() == [(None, "low", NOON)]


@pytest.mark.parametrize(("gap", "count"), [(DAY - 1, 1), (DAY, 2)])
def test_a_cooldown_ends_to_the_millisecond(gap: int, count: int) -> None:
    """A second alert within the cooldown is thinned; exactly at its end it is raised."""
    life = Life('alerts:\n  unhappy: {kind: event, upon: nps, when: "answer(nps) <= 6", cooldown: 24h}\n')
    life.event("ask", NOON, score=3)

    life.event("ask", NOON + gap, score=3)

    assert len(life.raised()) == count


def test_a_daily_cap_counts_utc_days() -> None:
    """The third of a day is thinned; the first of the next day, a millisecond later, is not."""
    life = Life(
        'alerts:\n  unhappy: {kind: event, upon: nps, when: "answer(nps) <= 6", cooldown: 0s, daily_cap: 2}\n'
    )
    midnight = at(2024, 3, 14)

    for when in (midnight - 3, midnight - 2, midnight - 1, midnight):
        life.event("ask", when, score=3)

    assert life.raised() == [midnight - 3, midnight - 2, midnight]


def test_a_state_alert_opens_and_resolves_when_due() -> None:
    """Ten days of silence raise it at their end; activity resolves it; nothing is told in between."""
    life = Life('alerts:\n  silent: {kind: state, when: "since(activity) >= 10d", cooldown: 14d}\n')
    life.event("visit", NOON)

    life.driver.elapse(NOON + 10 * DAY - 1)
    before = life.raised()
    life.driver.elapse(NOON + 12 * DAY)
    life.event("visit", NOON + 12 * DAY + 1)

    assert before == []
    assert life.raised() == [NOON + 10 * DAY]
    assert [type(each).__name__ for each in life.driver.alerts] == ["AlertRaised", "AlertResolved"]


@pytest.mark.parametrize(("instant", "stage"), [(0, "low"), (LAST_MS, "top")])
def test_the_ends_of_time_are_ordinary_instants(instant: int, stage: str) -> None:
    """A life may begin in 1970 or at the end of 9999; what would be due after that never comes."""
    life = Life(ladder('{when: "since(buy) < 7d"}'))

    life.event("buy", instant, revenue=5.0)
    life.driver.elapse(LAST_MS)

    assert life.moves()[0] == (None, "top", instant)
    assert life.stage() == stage
