import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from prometheus_client import CollectorRegistry

from streams.instrumentation import Instrumentation
from streams.runtime.embedded import recovery
from streams.runtime.embedded.errors import DiskFull, Recovering
from streams.runtime.embedded.log import EmbeddedLog
from streams.runtime.embedded.run import EmbeddedRun, RunSettings
from streams.runtime.record import Flush
from tests.runtime.counting import MODEL, SILENCE_MS, CountingProcessor, touchpoint

NOON_MS = 1_700_000_000_000
PATIENCE_S = 30.0
SETTINGS = RunSettings(flush_interval_ms=5, tick_interval_ms=1, retry_ms=1, clock_speed=1e6)


class Watched(CountingProcessor):
    """Counts how often the loop asked for the next due instant: about twice a step."""

    asked = 0

    def next_due_ms(self) -> int:
        """Return when the next customer falls silent."""
        Watched.asked += 1
        return super().next_due_ms()


class Bench:
    """A log and a loop in its thread, with the log's clock in the test's hand."""

    def __init__(self, directory: Path) -> None:
        self.now_ms = NOON_MS
        self.failures: list[BaseException] = []
        self.log = EmbeddedLog(directory)
        self.run = self.made(SETTINGS)

    def made(self, settings: RunSettings) -> EmbeddedRun:
        """Return a loop on the log."""
        return EmbeddedRun(
            self.log, MODEL, Watched, clock=lambda: self.now_ms, settings=settings,
            instrumentation=Instrumentation(MODEL, build="test", registry=CollectorRegistry()),
            on_failure=self.failures.append,
        )  # fmt: skip

    def post(self, number: int) -> int:
        """Append a touchpoint and wait until it is visible."""
        offset = self.log.append([touchpoint("c1", f"m{number}", at_ms=NOON_MS)], self.now_ms)
        assert self.run.wait_visible(offset, timeout_s=PATIENCE_S)
        return offset


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.run.stop()
    made.log.close()


def until(holds: Callable[[], bool]) -> None:
    """Wait for what another thread will bring about, and fail when it does not."""
    for _ in range(int(PATIENCE_S * 1_000)):
        if holds():
            return
        threading.Event().wait(0.001)
    pytest.fail("it never came")


def test_an_append_wakes_the_loop_and_is_visible_to_readers(bench: Bench) -> None:
    """With flushes and ticks far away, it is the append alone that wakes the thread."""
    bench.run = bench.made(RunSettings(flush_interval_ms=10**9, tick_interval_ms=10**9))
    bench.run.start()

    for number in range(1, 4):
        bench.post(number)
        with bench.run.processor() as processor:
            assert processor.rows["c1"].count == number


def test_an_idle_loop_sleeps(bench: Bench) -> None:
    """Between an append and its effect the loop takes a few steps; while nothing happens, none."""
    bench.run = bench.made(RunSettings(flush_interval_ms=0, tick_interval_ms=10**9))
    bench.run.start()
    bench.post(0)
    until(lambda: bench.log.last_flush == 1)
    before = Watched.asked

    for number in range(1, 11):
        bench.post(number)
        until(lambda: bench.log.last_flush > number)  # noqa: B023 (called at once)

    assert Watched.asked - before <= 10 * 8


def test_a_flush_comes_by_itself_when_its_interval_is_over(bench: Bench) -> None:
    """Nothing is appended after the last touchpoint, and yet it is written."""
    bench.run.start()

    bench.post(1)

    until(lambda: bench.log.queries.score("c1") is not None)


def test_time_alone_raises_an_alert(bench: Bench) -> None:
    """Law 3: the clock passes the due instant, an append of another customer is not needed."""
    bench.run.start()
    bench.post(1)

    bench.now_ms += SILENCE_MS + MODEL.settings.timer_grace_ms

    until(lambda: len(bench.log.queries.alerts(limit=9)[0]) == 1)


def test_stop_reads_to_the_end_and_writes_everything(bench: Bench) -> None:
    """After a tidy stop nothing has to be processed again, and the next start goes on from there."""
    bench.run = bench.made(RunSettings(chunk_records=2, flush_interval_ms=10**9))
    bench.run.start()
    for number in range(50):
        bench.log.append([touchpoint("c1", f"m{number}", at_ms=NOON_MS)], NOON_MS)

    bench.run.stop()

    restored = recovery.restored(bench.log, CountingProcessor)
    assert (restored.position, restored.rows["c1"].count) == (50, 50)
    bench.run.start()
    bench.post(50)


def test_before_the_start_there_is_no_state_and_stop_does_nothing(bench: Bench) -> None:
    """Readers are told to wait; the loop says what keeps it."""
    bench.run.stop()

    assert bench.run.hindrance is not None
    with pytest.raises(Recovering, match="Ask again"), bench.run.processor():
        pass


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_bug_beside_the_records_stops_the_loop_loudly(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error is kept, told to the owner, and ends every wait; readers get no half state."""

    def broken(_self: CountingProcessor, _number: int, *, carry_before: int = 0) -> Flush:
        raise ZeroDivisionError(f"in the flush, {carry_before}")

    bench.run.start()
    bench.post(1)
    monkeypatch.setattr(Watched, "flush", broken)

    bench.log.append([touchpoint("c1", "m2", at_ms=NOON_MS)], NOON_MS)
    seen = bench.run.wait_visible(99, timeout_s=PATIENCE_S)
    until(lambda: bool(bench.failures))

    assert not seen
    assert bench.failures == [bench.run.failure]
    assert "in the flush" in (bench.run.hindrance or "")
    with pytest.raises(Recovering), bench.run.processor():
        pass


def test_the_loop_gets_past_a_record_at_which_our_code_fails(bench: Bench) -> None:
    """It says what keeps it, tries again, and goes on; the process lives."""
    bench.run = bench.made(msgspec.structs.replace(SETTINGS, retry_ms=50))
    bench.run.start()
    bench.post(1)
    bench.log.append([(None, b'{"kind":1}')], NOON_MS)

    until(lambda: "ValidationError" in (bench.run.hindrance or ""))
    bench.post(2)
    until(lambda: bench.run.hindrance is None)

    assert bench.run.failure is None
    assert bench.failures == []
    with bench.run.processor() as processor:
        assert (processor.totals["applied"], processor.totals["dead_letter"]) == (2, 1)


def test_told_to_stop_while_our_code_fails_the_loop_ends(bench: Bench) -> None:
    """What it could not process stays in the log; no attempt keeps it from ending."""
    bench.run = bench.made(msgspec.structs.replace(SETTINGS, retry_ms=10**9))
    bench.run.start()
    bench.post(1)
    bench.log.append([(None, b'{"kind":1}')], NOON_MS)
    until(lambda: bench.run.trouble is not None)

    bench.run.stop()

    assert bench.run.failure is None
    assert recovery.restored(bench.log, CountingProcessor).rows["c1"].count == 1


def test_on_a_full_disk_the_loop_waits_and_goes_on_by_itself(bench: Bench) -> None:
    """It says why it is hindered, serves the state of the last flush, and loses nothing."""
    bench.run.start()
    bench.post(1)
    until(lambda: bench.log.last_flush == 1)
    with bench.log._writing:
        pages = bench.log._writer.execute("PRAGMA page_count").fetchone()[0]
        bench.log._writer.execute(f"PRAGMA max_page_count = {pages}")

    number = 2
    while bench.run.trouble is None:
        items = [touchpoint(f"c{number}", f"m{number}", at_ms=NOON_MS)] * 20
        try:
            bench.run.wait_visible(bench.log.append(items, NOON_MS), timeout_s=0.01)
        except DiskFull:
            bench.now_ms += SILENCE_MS  # then it is a tick that cannot be written
        number += 1
    hindrance = bench.run.hindrance
    with bench.log._writing:
        bench.log._writer.execute("PRAGMA max_page_count = 100000")
    until(lambda: bench.run.trouble is None)

    bench.post(number)
    bench.run.stop()
    assert "No space is left" in (hindrance or "")
    assert bench.run.failure is None
    assert recovery.restored(bench.log, CountingProcessor).rows["c1"].count == 2
