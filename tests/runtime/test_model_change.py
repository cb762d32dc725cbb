"""A model edited while customers are under way: what kept its name and kind is kept, the rest begins."""

import pytest

from schemas.outputs import AlertRaised, AlertResolved
from streams.engine.instants import NEVER
from streams.model.definition import Model
from streams.model.load import load_model_text
from streams.testing import TopologyTestDriver
from tests.nodes import DAY, HOUR
from tests.random_histories import at
from tests.runtime.shop import MAP, NOON
from tests.telling import tell, view_of

DECISIONS = """
frameworks:
  way:
    kind: ladder
    stages:
      low: {}
      middle: {when: "count(visit, 30d) >= 2"}
      top: {when: "count(purchase, 30d) >= 1"}
  habits:
    kind: flags
    stages:
      regular: {when: "days_active(40d) >= 3"}
      buyer: {when: "ever(purchase)"}
alerts:
  unhappy: {kind: state, when: "answer(nps) <= 6", cooldown: 1d}
"""
TEXT = MAP.replace("window: 2d", "window: 90d") + DECISIONS
DAYS = (0, 1, 3, 10, 39)
BOUGHT = 10


def edited(*changes: tuple[str, str]) -> Model:
    """Return the model with some of its text replaced."""
    text = TEXT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return load_model_text(text)


@pytest.fixture
def driver() -> TopologyTestDriver:
    """A customer who came on five days, bought on the fourth, and answered on the last."""
    made = TopologyTestDriver(edited())
    for day in DAYS:
        tell(made, "visit", NOON + day * DAY)
        if day == BOUGHT:
            tell(made, "buy", NOON + day * DAY + HOUR, properties={"revenue": 12.5})
    tell(made, "ask", NOON + 39 * DAY + HOUR, properties={"score": 3.0})
    return made


def state(driver: TopologyTestDriver) -> dict[str, dict[str, object]]:
    """Return the state of c1."""
    found = driver.state("c1")
    assert found is not None
    return found  # type: ignore[return-value]  # the parts that tests ask for are mappings


def test_the_same_model_again_changes_nothing(driver: TopologyTestDriver) -> None:
    """Taking over under an equal model tells nothing and keeps everything."""
    before = state(driver)

    outcome = driver.change_model(edited())

    assert state(driver) == before
    assert (outcome.moves, outcome.raised, outcome.resolved) == (0, 0, 0)


def test_what_kept_its_name_and_kind_is_kept(driver: TopologyTestDriver) -> None:
    """New lines, signals, stages and alerts before and after the old ones move columns, never values."""
    before = state(driver)
    model = edited(
        (
            "touchpoints:\n",
            "touchpoints:\n  - {event: aaa, type: emotional, signals: [aaa], dimensions: {zeal: 1}}\n",
        ),
        ("dimensions: {attention: {", "dimensions: {zeal: {half_life: 1d, half_at: 1}, attention: {"),
        ("      low: {}\n", '      low: {}\n      lower: {when: "count(aaa, 5h) >= 1"}\n'),
        ("alerts:\n", 'alerts:\n  first: {kind: state, when: "count(aaa) >= 1", cooldown: 1d}\n'),
        ("  habits:\n", '  aims:\n    kind: flags\n    stages: {wise: {when: "ever(aaa)"}}\n  habits:\n'),
    )

    driver.change_model(model)

    after = state(driver)
    for name in ("clock", "first", "touched", "sequence", "answers", "rhythm", "scores"):
        assert after[name] == before[name]
    for name in ("signals", "terms", "dimensions", "stages", "entered", "alerts"):
        assert {key: after[name][key] for key in before[name]} == before[name]


def test_a_changed_weight_takes_effect_on_old_touchpoints(driver: TopologyTestDriver) -> None:
    """Sums are kept by line of the map; weights are applied on reading: as if it had always been so."""
    model = edited(("{attention: 1}", "{attention: 3}"))
    always = TopologyTestDriver(model)
    for record in driver.log:
        always.pipe(record.value)
    before = state(driver)["scores"]["engagement"]

    driver.change_model(model)

    assert state(driver)["scores"]["engagement"] == pytest.approx(state(always)["scores"]["engagement"])
    assert state(driver)["scores"]["engagement"] != before


@pytest.mark.parametrize(
    ("old", "new", "term", "count"),
    [
        ("count(visit, 30d) >= 2", "count(visit, 60d) >= 2", "count(visit, 60d)", 2),
        ("count(visit, 30d) >= 2", "count(visit, 5d) >= 2", "count(visit, 5d)", 1),
        ("days_active(40d) >= 3", "days_active(100d) >= 3", "days_active(100d)", 5),
        ("days_active(40d) >= 3", "days_active(5d) >= 3", "days_active(5d)", 1),
    ],
)
def test_a_window_of_another_length_keeps_the_days_that_both_have(
    driver: TopologyTestDriver, old: str, new: str, term: str, count: int
) -> None:
    """A longer ring knows what the shorter one still held; a shorter one forgets only what left it."""
    driver.change_model(edited((old, new)))

    assert state(driver)["terms"][term] == count


def test_a_longer_window_goes_on_from_there(driver: TopologyTestDriver) -> None:
    """After the edit nothing that both windows could hold is lost as time goes on."""
    driver.change_model(edited(("days_active(40d) >= 3", "days_active(100d) >= 3")))

    tell(driver, "visit", NOON + 70 * DAY)

    assert state(driver)["terms"]["days_active(100d)"] == 6


def test_a_stage_that_is_gone_is_left_by_the_model(driver: TopologyTestDriver) -> None:
    """Whoever stood on it is placed anew in that pass, and the transition says that the model did it."""
    assert state(driver)["stages"]["way"] == "top"
    without = ('      top: {when: "count(purchase, 30d) >= 1"}\n', "")

    outcome = driver.change_model(edited(without, ("visit, 30d) >= 2", "visit, 30d) >= 1")))

    assert state(driver)["stages"]["way"] == "middle"
    moved = outcome.transitions()
    assert [(each.framework, each.to_stage, each.because.trigger.kind) for each in moved] == [
        ("way", "middle", "model")
    ]


def test_stages_are_found_by_name(driver: TopologyTestDriver) -> None:
    """Another order of flags and a stage in front leave everybody where they are."""
    regular = '      regular: {when: "days_active(40d) >= 3"}\n'
    before = state(driver)["stages"]

    outcome = driver.change_model(
        edited(
            (regular, ""),
            (
                '      buyer: {when: "ever(purchase)"}\n',
                f'      buyer: {{when: "ever(purchase)"}}\n{regular}',
            ),
        )
    )

    assert state(driver)["stages"] == before
    assert outcome.moves == 0


def test_an_alert_that_is_true_under_the_new_model_opens_in_silence(driver: TopologyTestDriver) -> None:
    """It raises nothing in that pass, counts as open, and is resolved aloud when it ends."""
    alert = '  rich: {kind: state, when: "sum(purchase) >= 10 and since(activity) < 10d", cooldown: 1d}\n'

    outcome = driver.change_model(edited(("alerts:\n", f"alerts:\n{alert}")))
    opened = state(driver)["alerts"]["rich"]
    driver.elapse(NOON + 60 * DAY)

    assert outcome.raised == 0
    assert isinstance(opened, dict)
    assert opened["open_since"] == state(driver)["touched"]
    assert [each.alert for each in driver.alerts if isinstance(each, AlertResolved)] == ["rich"]
    assert "rich" not in [each.alert for each in driver.alerts if isinstance(each, AlertRaised)]


def test_a_changed_model_survives_a_crash(driver: TopologyTestDriver) -> None:
    """Rows of the old and the new layout lie in the flushes side by side, and each is read by its own."""
    model = edited(("count(visit, 30d) >= 2", "count(visit, 60d) >= 2"))
    driver.change_model(model)
    driver.flush()
    before = state(driver)

    driver.crash()

    assert state(driver) == before


HABITS = """  habits:
    kind: flags
    stages:
      regular: {when: "days_active(40d) >= 3"}
      buyer: {when: "ever(purchase)"}
"""
ALERTS = """alerts:
  unhappy: {kind: state, when: "answer(nps) <= 6", cooldown: 1d}
"""


@pytest.mark.parametrize(
    ("gone", "names"),
    [
        ((HABITS,), {"way", "unhappy"}),
        ((ALERTS,), {"way", "habits"}),
        ((HABITS, ALERTS), {"way"}),
    ],
)
def test_what_is_gone_is_gone_from_the_recent_changes(
    driver: TopologyTestDriver, gone: tuple[str, ...], names: set[str]
) -> None:
    """The others keep their names, whatever numbers they have now."""
    before = view_of(driver).recent

    driver.change_model(edited(*((text, "") for text in gone)))

    assert view_of(driver).recent == [each for each in before if each.what in names]
    assert {each.what for each in before} == {"way", "habits", "unhappy"}


def test_a_stage_that_is_gone_has_no_name_among_the_recent_changes(driver: TopologyTestDriver) -> None:
    """That there was a move is still known; the others are found by name though their numbers moved."""
    before = [each.to for each in view_of(driver).recent if each.what == "way"]
    middle = '      middle: {when: "count(visit, 30d) >= 2"}\n'

    driver.change_model(
        edited((middle, '      other: {when: "ever(ask)"}\n      third: {when: "count(ask) >= 2"}\n'))
    )

    after = [each.to for each in view_of(driver).recent if each.what == "way"]
    assert before == ["top", "middle", "low"]
    assert after == ["top", None, "low"]


def test_the_deleted_stay_deleted(driver: TopologyTestDriver) -> None:
    """A changed model places nobody who is gone, and nothing of them is due."""
    tell(driver, "bye", NOON + 40 * DAY, kind="delete")
    before = state(driver)

    outcome = driver.change_model(edited(("visit, 30d) >= 2", "visit, 30d) >= 1")))

    assert state(driver) == before
    assert before["status"] == "deleted"
    assert (outcome.moves, outcome.raised, outcome.emissions) == (0, 0, 0)
    assert driver.processor.next_due_ms() == NEVER


def test_another_grace_begins_the_daily_caps_anew() -> None:
    """So many days are kept as grace can reach back; a count of another number of days is not taken over."""
    capped = ("dimensions: {attention: 1}}", "dimensions: {attention: 1}, daily_cap: 1}")
    driver = TopologyTestDriver(edited(capped))
    once = 50.0
    for _ in range(2):
        tell(driver, "visit", at(2024, 3, 13))
    before = state(driver)["dimensions"]

    driver.change_model(edited(capped, ("\nalerts:", "\nsettings: {grace: 3d}\nalerts:")))
    taken_over = state(driver)["dimensions"]
    for _ in range(2):
        tell(driver, "visit", at(2024, 3, 13))

    assert before == taken_over == {"attention": pytest.approx(once)}
    assert state(driver)["dimensions"] == {"attention": pytest.approx(75)}
