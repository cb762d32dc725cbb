"""What a flush refuses to take in, and what becomes of one without a reader."""

import msgspec
import pytest

from streams.runtime.flush import VERSION
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
        Processor(MODEL).restore(damaged)


def test_a_flush_that_was_cut_off_is_refused(body: bytes) -> None:
    """Without its last byte it is none; whole it is taken in."""
    with pytest.raises(ValueError, match="a stored flush cannot be read"):
        Processor(MODEL).restore(body[:-1])

    processor = Processor(MODEL)
    processor.restore(body)
    assert list(processor.customers()) == ["c1"]


@pytest.mark.parametrize(("ahead", "refused"), [(0, False), (1, True)])
def test_a_flush_of_a_newer_version_is_refused(body: bytes, ahead: int, refused: bool) -> None:
    """It may hold what this version would lose; the message says which version wrote it."""
    fields = msgspec.msgpack.decode(body)
    fields[0] = VERSION + ahead
    processor = Processor(MODEL)

    if refused:
        with pytest.raises(ValueError, match=rf"newer Rapport \(version {VERSION + 1}, not {VERSION}\)"):
            processor.restore(msgspec.msgpack.encode(fields))
    else:
        processor.restore(msgspec.msgpack.encode(fields))

    assert (processor.position == 0) == refused


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
