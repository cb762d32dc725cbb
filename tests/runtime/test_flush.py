"""What a flush refuses to take in, and what becomes of one without a reader."""

import msgspec
import pytest

from streams.runtime.flush import VERSION, Body
from streams.runtime.processor import Processor
from streams.testing import TopologyTestDriver
from tests.engine.lives import NOON, small_model
from tests.telling import tell

MODEL = small_model(touchpoints=small_model().touchpoints[:2])


@pytest.fixture
def body() -> bytes:
    """A flush of one customer."""
    driver = TopologyTestDriver(MODEL)
    tell(driver, "visit", NOON)
    driver.flush()
    return driver.flushes[0]


@pytest.mark.parametrize("damaged", [b"", b"{}", b"\xc1", msgspec.msgpack.encode([1, 2, 3])])
def test_bytes_that_are_no_flush_are_refused(damaged: bytes) -> None:
    """Whoever takes over is told so, and does not begin with nothing."""
    with pytest.raises(ValueError, match="a stored flush cannot be read"):
        Processor(MODEL).restore([damaged])


def test_a_flush_that_was_cut_off_is_refused(body: bytes) -> None:
    """Without its last byte it is none; whole it is taken in."""
    with pytest.raises(ValueError, match="a stored flush cannot be read"):
        Processor(MODEL).restore([body[:-1]])

    processor = Processor(MODEL)
    processor.restore([body])
    assert list(processor.customers()) == ["c1"]


@pytest.mark.parametrize(("ahead", "refused"), [(0, False), (1, True)])
def test_a_flush_of_a_newer_version_is_refused(body: bytes, ahead: int, refused: bool) -> None:
    """It may hold what this version would lose; the message says which version wrote it."""
    fields = msgspec.msgpack.decode(body)
    fields[0] = VERSION + ahead
    processor = Processor(MODEL)

    if refused:
        with pytest.raises(ValueError, match=rf"newer Rapport \(version {VERSION + 1}, not {VERSION}\)"):
            processor.restore([msgspec.msgpack.encode(fields)])
    else:
        processor.restore([msgspec.msgpack.encode(fields)])

    assert (processor.position == 0) == refused


def test_of_a_row_in_several_flushes_the_newest_is_taken() -> None:
    """Also when later flushes hold others' rows only; nobody is found by no name."""
    driver = TopologyTestDriver(MODEL)
    for number, told in enumerate((("c1", "c2"), ("c2",), ("c3",), ("c1", "c4"))):
        for customer in told:
            tell(driver, "visit", NOON + number, customer=customer)
        driver.flush()
    before = {name: driver.state(name) for name in ("c1", "c2", "c3", "c4")}
    table = driver.processor.customer_lane.table
    names, index = list(table.names), dict(table.index)

    driver.crash()

    assert {name: driver.state(name) for name in before} == before
    table = driver.processor.customer_lane.table
    assert (table.names, table.index) == (names, index)


def test_rows_that_were_carried_come_back_in_their_old_places() -> None:
    """When the flush that first named a row is gone, those of later rows may come before it."""
    driver = TopologyTestDriver(MODEL)
    for number, customer in enumerate(("c1", "c2", "c3")):
        tell(driver, "visit", NOON + number, customer=customer)
        driver.flush()
    driver.flush(carry_before=2)
    before = [driver.state(name) for name in ("c1", "c2", "c3")]

    driver.crash()

    assert driver.processor.customer_lane.table.names == ["", "c1", "c2", "c3"]
    assert [driver.state(name) for name in ("c1", "c2", "c3")] == before


@pytest.mark.parametrize("names", [[], ["c1", "c2"]])
def test_rows_without_their_names_are_refused(body: bytes, names: list[str]) -> None:
    """A customer is never taken over under another's name."""
    flush = msgspec.msgpack.decode(body, type=Body)
    flush.lanes[0].names = names

    with pytest.raises(ValueError, match="zip"):
        Processor(MODEL).restore([msgspec.msgpack.encode(flush)])


def test_a_processor_that_stores_nothing_does_the_same() -> None:
    """Without a log to write to, nothing is kept for flushes; outcomes, states and outputs are equal."""
    driver = TopologyTestDriver(MODEL)
    for message in ("m1", "m1", "m2"):
        tell(driver, "visit", NOON, message=message)
    records = driver.log

    processor = Processor(MODEL, check_future=False, storing=False)
    outcome = processor.process(records)

    assert processor.totals == driver.totals
    assert processor.customer("c1") == driver.processor.customer("c1")
    assert outcome.scores() == driver.scores[-1:]
