"""What is kept of message ids for flushes to come: no more than matters, and nothing less."""

import pytest

from streams.runtime import kept_ids
from streams.testing import TopologyTestDriver
from tests.engine.lives import NOON, small_model
from tests.telling import tell

DAY = 86_400_000
MODEL = small_model(touchpoints=small_model().touchpoints[:2])
FEW = 8


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at what matters as soon as there are a few ids."""
    monkeypatch.setattr(kept_ids, "FEW", FEW)


def _kept(driver: TopologyTestDriver) -> int:
    return len(driver.processor._flusher.memory[driver.processor.customer_lane.subject].ids)


def _visits(driver: TopologyTestDriver, days: int, *, per_day: int) -> None:
    for day in range(days):
        for place in range(per_day):
            tell(driver, "visit", NOON + day * DAY + place, message=f"{day}.{place}")
        driver.flush()


def test_ids_that_no_longer_matter_are_not_kept() -> None:
    """Those within a day of grace are; without end there would be 400."""
    driver = TopologyTestDriver(MODEL)

    _visits(driver, 100, per_day=4)

    assert 4 <= _kept(driver) <= 2 * FEW


def test_all_are_kept_that_matter() -> None:
    """However many: no touchpoint of the last day is counted twice, also after its flush was dropped."""
    driver = TopologyTestDriver(MODEL)
    for number in range(5 * FEW):
        tell(driver, "visit", NOON + number, message=f"m{number}")
        driver.flush()

    assert _kept(driver) == 5 * FEW
    driver.flush(carry_before=5 * FEW)
    driver.crash()
    again = {tell(driver, "visit", NOON + number, message=f"m{number}") for number in range(5 * FEW)}

    assert again == {"duplicate"}


def test_a_restart_keeps_no_more() -> None:
    """What flushes hold is sifted when all of it has been read."""
    driver = TopologyTestDriver(MODEL)
    _visits(driver, 100, per_day=4)

    driver.crash()

    assert 4 <= _kept(driver) <= 2 * FEW
    assert tell(driver, "visit", NOON + 99 * DAY, message="99.0") == "duplicate"


def test_the_size_of_what_lives_stays() -> None:
    """The plan of compaction goes by it: ids that are history are no reason to keep a longer log."""
    driver = TopologyTestDriver(MODEL)
    _visits(driver, 20, per_day=4)
    early = driver.processor.flush(1_000, carry_before=0).live_bytes

    _visits(driver, 100, per_day=4)

    assert driver.processor.flush(1_001, carry_before=0).live_bytes <= early + 2 * FEW * 32
