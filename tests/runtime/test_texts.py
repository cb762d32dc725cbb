"""The texts of traits: kept to be shown, only so many, and never needed by a rule."""

import pytest

from streams.model.load import load_model_text
from streams.runtime.texts import LONGEST, MOST_KEPT, Texts
from streams.testing import TopologyTestDriver
from tests.random_histories import at
from tests.telling import tell

NOON = at(2024, 3, 13, 12)
MODEL = load_model_text("""
model: texts
version: 1
touchpoints:
  - {event: use, signals: [use], seen: {features: properties.feature}}
frameworks:
  way:
    kind: flags
    stages:
      pro: {when: "trait.plan == 'pro'"}
      large: {when: "trait.seats >= 5"}
      soon: {when: "until(trait.renewal) < 30d"}
      broad: {when: "seen(features, 7d) >= 2"}
segments: [country]
""")


@pytest.fixture
def driver() -> TopologyTestDriver:
    """Nobody yet."""
    return TopologyTestDriver(MODEL)


def fill(texts: Texts) -> None:
    """Note as many texts as are kept."""
    for number in range(MOST_KEPT + 100):  # some share a code
        texts.note(f"text {number}")


def test_only_texts_that_somebody_sees_are_kept(driver: TopologyTestDriver) -> None:
    """Numbers, dates and what is only counted need none."""
    traits = {"plan": "free", "seats": 7, "renewal": "2024-03-20", "country": "de", "unread": "x"}

    tell(driver, "use", NOON, traits=traits, properties={"feature": "search"})

    assert sorted(driver.processor.customer_lane.texts.values()) == ["de", "free"]


def test_as_many_texts_are_kept_as_there_is_room_for() -> None:
    """The first ones, as far as a reader will look; the code of another is shown itself."""
    texts = Texts()
    first, long = texts.note("first"), texts.note("y" * (LONGEST + 1))
    fill(texts)

    one_more = texts.note("one more")

    assert len(texts) == len(texts.new) == MOST_KEPT
    assert (texts[first], texts[long]) == ("first", "y" * LONGEST)
    assert texts[one_more] == f"#{one_more % (1 << 32):08x}"
    assert texts.note("first") == first


def test_a_text_that_is_not_kept_is_compared_all_the_same(driver: TopologyTestDriver) -> None:
    """Rules read codes. What is shown is the code, before a restart and after it."""
    texts = driver.processor.customer_lane.texts
    fill(texts)
    shown = texts[texts.note("pro")]

    tell(driver, "use", NOON, traits={"plan": "pro", "country": "pro"})

    (moved,) = driver.transitions
    assert (moved.to_stage, moved.because.values) == ("pro", {"trait.plan": shown})
    assert set(driver.processor.kpis().segments["country"]) == {shown}
    before = driver.state("c1")
    driver.flush()
    driver.crash()
    assert driver.state("c1") == before
    assert shown.startswith("#")
