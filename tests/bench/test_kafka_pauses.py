import pytest

from bench.kafka.generator import Sent, body, identity, message_id
from bench.kafka.heads import Flushed, longest_pause_ms
from bench.kafka.latency import all_came, latency, percentile
from bench.kafka.memory import peak_bytes
from bench.kafka.profiled_worker import Clock
from bench.kafka.scaling import REST, STEPS, by_step
from bench.kafka.subscriber import Heard
from bench.reference import WrongTableError
from streams.model.load import load_model
from streams.runtime.processor import Processor
from streams.runtime.record import Record

DUE_US = 1_767_225_600_000_000


@pytest.mark.parametrize(("percent", "value"), [(1, 1), (50, 50), (99, 99), (99.5, 100), (100, 100)])
def test_a_percentile_is_a_value_that_was_measured(percent: float, value: float) -> None:
    """Of a hundred values, so many percent are not above it."""
    assert percentile([float(each) for each in range(1, 101)], percent) == value


def test_a_percentile_of_one_or_of_nothing() -> None:
    """One value is all of them; nothing measured is no figure."""
    assert percentile([7.0], 50) == percentile([7.0], 99) == 7.0
    with pytest.raises(ValueError, match="nothing was measured"):
        percentile([], 50)


def test_latency_runs_from_when_a_touchpoint_was_due() -> None:
    """What was due while it warmed up, or is of somebody else, is not counted; the instant itself is."""
    heard = [
        Heard(message_id(DUE_US - 1, 0, is_new=True), DUE_US + 900_000),
        Heard(message_id(DUE_US, 1, is_new=True), DUE_US + 20_000),
        Heard(message_id(DUE_US + 1_000, 2, is_new=False), DUE_US + 31_000),
        Heard("somebody-else", DUE_US + 800_000),
    ]

    assert latency(heard, from_us=DUE_US) == (20.0, 30.0, 30.0)


def test_a_transition_that_is_missing_or_came_twice_voids_a_run() -> None:
    """Each new customer has one; those of others are not counted."""
    first, second = (message_id(DUE_US, number, is_new=True) for number in (0, 20))
    other = Heard(message_id(DUE_US, 1, is_new=False), DUE_US)
    heard = [Heard(first, DUE_US), Heard(second, DUE_US), other, other]
    sent = Sent(40, 2, 0.0)

    all_came(heard, sent)

    for wrong in (heard[:1], [*heard, heard[0]]):
        with pytest.raises(WrongTableError, match="of 2 new customers"):
            all_came(wrong, sent)


def test_a_message_id_says_when_it_was_due() -> None:
    """It goes through the worker and comes back in the reason."""
    assert identity(message_id(DUE_US, 7, is_new=True)) == (DUE_US, True)
    assert identity(message_id(DUE_US, 7, is_new=False)) == (DUE_US, False)
    assert identity("218a-1-0") is None


def test_the_first_touchpoint_of_a_new_customer_changes_a_stage_at_once() -> None:
    """The load is made of such touchpoints, of about 300 bytes, and the reason names them."""
    message = message_id(DUE_US, 0, is_new=True)
    value = body(message, "c1", DUE_US)
    processor = Processor(load_model("starter"))

    outcome = processor.process([Record(0, DUE_US // 1_000, b"c1", value)])

    assert [each.because.trigger.message_id for each in outcome.transitions()] == [message]
    assert 280 <= len(value) <= 340


def test_the_longest_pause_is_that_of_the_partitions_asked_for() -> None:
    """Standing still at the beginning or at the end of the time looked at counts; others do not."""
    found = [
        *(Flushed(0, at_ms, at_ms) for at_ms in (90, 110, 150, 190)),
        *(Flushed(1, at_ms, at_ms) for at_ms in (130, 140, 210)),
    ]

    assert longest_pause_ms(found, [0], begin_ms=100, end_ms=200) == 40
    assert longest_pause_ms(found, [1], begin_ms=100, end_ms=200) == 60
    assert longest_pause_ms(found, [0, 1], begin_ms=100, end_ms=200) == 60
    assert longest_pause_ms(found, [2], begin_ms=100, end_ms=200) == 100
    assert longest_pause_ms(found, [], begin_ms=100, end_ms=200) == 0


def test_the_most_memory_is_read_from_the_status() -> None:
    """A system that does not say it gives no figure."""
    assert peak_bytes("VmPeak:\t 900 kB\nVmHWM:\t 200 kB\nVmRSS:\t 100 kB\n") == 204_800
    with pytest.raises(ValueError, match="does not say"):
        peak_bytes("VmRSS:\t 100 kB\n")


def test_a_step_within_a_step_is_counted_once() -> None:
    """All steps together are the time of the outer one."""
    clock = Clock()
    inner = clock.around("inner", lambda: sum(range(300_000)))
    outer = clock.around("outer", lambda: (inner(), sum(range(100_000)), inner()))

    outer()

    assert clock.seconds["inner"] > clock.seconds["outer"] > 0


def test_what_no_clock_saw_is_the_rest() -> None:
    """The steps and the rest are all of the CPU time."""
    found = by_step({"engine": 1.0, "decode": 2.0}, cpu_s=5.0, touchpoints=1_000_000)

    assert (found["engine"], found["decode"], found["flush"], found[REST]) == (1.0, 2.0, 0.0, 2.0)
    assert list(found) == [*STEPS, REST]
