from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from prometheus_client import CollectorRegistry

from schemas.dead_letter import DeadLetter, DeadLetterReason
from schemas.instants import instant
from schemas.outputs import AlertRaised, ScoreUpdated, StageChanged
from schemas.touchpoint import InternalRecord
from streams import topics
from streams.instrumentation import Instrumentation
from streams.model.definition import Model
from streams.runtime.embedded import recovery
from streams.runtime.embedded.errors import DiskFull, FileCorrupt, Recovering
from streams.runtime.embedded.log import EmbeddedLog
from streams.runtime.embedded.reader import LogReader
from streams.runtime.embedded.run import EmbeddedRun, RunSettings
from streams.runtime.suspects import MOST_FAILURES, ProcessingFailed
from tests.runtime.counting import MODEL, NEVER, SILENCE_MS, CountingProcessor, touchpoint

NOON_MS = 1_700_000_000_000
BUG = (None, b'{"kind":1}')  # the processor of these tests fails at it
SETTINGS = RunSettings(chunk_records=4, flush_interval_ms=250, flush_changes=100, tick_interval_ms=1_000)


class Bench:
    """A log, a loop and a clock that a test turns by hand; `again` begins anew as after a crash."""

    def __init__(self, directory: Path, *, max_bytes: int | None = None) -> None:
        self.directory = directory
        self.max_bytes = max_bytes
        self.now_ms = NOON_MS
        self.log = EmbeddedLog(directory, max_bytes=max_bytes)
        self.registry = CollectorRegistry()
        self.run = self._run(MODEL)

    def _run(self, model: Model, settings: RunSettings = SETTINGS) -> EmbeddedRun:
        self.registry = CollectorRegistry()
        return EmbeddedRun(
            self.log, model, lambda: CountingProcessor(model), clock=lambda: self.now_ms,
            pace=lambda: self.now_ms, settings=settings,
            instrumentation=Instrumentation(model, build="test", registry=self.registry),
        )  # fmt: skip

    def again(self, model: Model = MODEL) -> None:
        """Begin anew, with what is in the file."""
        self.log.close()
        self.log = EmbeddedLog(self.directory, max_bytes=self.max_bytes)
        self.run = self._run(model)

    def post(self, *numbers: int, customer: str = "c1") -> None:
        """Append touchpoints, the number being id and milliseconds after noon."""
        items = [touchpoint(customer, f"m{number}", at_ms=NOON_MS + number) for number in numbers]
        self.log.append(items, self.now_ms)

    def settle(self) -> None:
        """Step until nothing is left to do at this instant."""
        while self.run.step():
            pass

    def state(self) -> object:
        """Return what a reader sees."""
        with self.run.processor() as processor:
            return processor.state()

    def internal(self) -> list[InternalRecord]:
        """Return the internal records in the log."""
        records = self.log.read(0, 10_000)
        return [msgspec.json.decode(each.value, type=InternalRecord) for each in records if each.key is None]

    def metric(self, name: str, **labels: str) -> float | None:
        """Return the value of a metric."""
        return self.registry.get_sample_value(f"engagement_{name}", labels)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.log.close()


def test_a_step_processes_at_most_a_chunk_and_says_whether_more_is_there(bench: Bench) -> None:
    """Six records in chunks of four take two steps; `visible` tells how far the state is."""
    bench.post(1, 2, 3, 4, 5, 6)

    first = (bench.run.step(), bench.run.visible)
    second = (bench.run.step(), bench.run.visible)

    assert (first, second) == ((True, 4), (False, 6))


def test_the_chunks_make_no_difference(tmp_path: Path) -> None:
    """Law 1: one record at a time or all at once, states and outputs are the same."""
    benches = [Bench(tmp_path / "one"), Bench(tmp_path / "all")]

    for number in range(1, 8):
        benches[0].post(number)
        benches[0].settle()
        benches[0].run.flush()
    benches[1].post(*range(1, 8))
    benches[1].settle()
    benches[1].run.flush()

    assert benches[0].state() == benches[1].state()
    one, all_ = (each.log.queries.transitions(limit=9) for each in benches)
    assert (one, len(one[0])) == (all_, 2)
    for each in benches:
        each.log.close()


def test_outputs_are_written_with_the_flush_and_not_before(bench: Bench) -> None:
    """A millisecond before the interval is over nothing is told; then everything is, at once."""
    bench.post(1)
    bench.settle()  # the first flush of a run is due at once
    bench.post(2, 3)
    bench.now_ms += SETTINGS.flush_interval_ms - 1
    bench.settle()
    before = bench.log.queries.transitions(limit=9)[0], bench.log.last_flush
    bench.now_ms += 1

    bench.settle()

    [moved] = bench.log.queries.transitions(customer_id="c1", framework="thirds", limit=9)[0]
    assert before == ([], 1)
    assert msgspec.json.decode(moved, type=StageChanged).to_stage == "3"
    assert msgspec.json.decode(bench.log.queries.score("c1") or b"", type=ScoreUpdated).scores == {
        "count": 3.0
    }
    assert bench.log.last_flush == 2


def test_much_that_changed_brings_the_flush_forward(bench: Bench) -> None:
    """Records and outputs together count; just under the number nothing is written yet."""
    bench.run = bench._run(MODEL, msgspec.structs.replace(SETTINGS, flush_changes=8))
    bench.post(1)
    bench.settle()
    bench.post(*range(2, 6))  # four records, one transition, one score: six

    bench.settle()
    just_under = bench.log.last_flush
    bench.post(6)  # one record, one transition more: eight
    bench.settle()

    assert (just_under, bench.log.last_flush) == (1, 2)


def test_nothing_is_flushed_when_nothing_changed(bench: Bench) -> None:
    """Time alone writes nothing while nobody is due."""
    bench.post(1)
    bench.settle()

    for _ in range(50):
        bench.now_ms += 1_000
        bench.settle()

    assert bench.log.last_flush == 1
    assert bench.log.next_offset == 1


def test_a_tick_is_appended_when_a_row_is_due_and_grace_is_over(bench: Bench) -> None:
    """Before due + timer grace there is none; at it the tick brings the alert, timed at the due."""
    bench.post(0)
    bench.settle()
    bench.now_ms = NOON_MS + SILENCE_MS + MODEL.settings.timer_grace_ms - 1
    bench.settle()
    before = bench.internal()
    bench.now_ms += 1

    bench.settle()
    bench.run.flush()

    [tick] = bench.internal()
    [alert] = bench.log.queries.alerts(customer_id="c1", alert="silence", limit=9)[0]
    assert before == []
    assert (tick.kind, tick.timestamp) == ("tick", instant(bench.now_ms))
    assert msgspec.json.decode(alert, type=AlertRaised).at == instant(NOON_MS + SILENCE_MS)


def test_ticks_are_a_second_apart(bench: Bench) -> None:
    """However many rows are due, there is at most one tick in a tick interval."""
    for number in range(5):
        bench.post(number * 100, customer=f"c{number}")
    bench.settle()
    due_ms = NOON_MS + SILENCE_MS + MODEL.settings.timer_grace_ms

    for bench.now_ms in range(due_ms, due_ms + 1_001, 50):
        bench.settle()

    assert [tick.timestamp for tick in bench.internal()] == [
        instant(due_ms),
        instant(due_ms + 1_000),
    ]


def test_no_tick_overtakes_the_backlog(bench: Bench) -> None:
    """A worker that was down raises no false silence: what was posted meanwhile is read first."""
    bench.post(0)
    bench.settle()
    bench.now_ms = NOON_MS + 10 * SILENCE_MS
    for number in range(1, 7):
        bench.post(number * 1_000 + 9 * SILENCE_MS)

    bench.run.step()
    halfway = bench.internal()
    bench.settle()
    bench.settle()

    assert halfway == []
    assert [record.key for record in bench.log.read(0, 99)] == [b"c1"] * 7


def test_state_and_outputs_survive_a_crash_at_any_step(tmp_path: Path) -> None:
    """Stopped after each number of steps and begun anew, the run ends with equal states and outputs."""
    results = []
    for crash_after in (None, 0, 1, 2, 3, 4):
        bench = Bench(tmp_path / str(crash_after))
        bench.post(1, 2, 3, 2, 4, 5)
        bench.log.append([(b"c1", b"no json")], NOON_MS)
        for number in range(6, 12):
            bench.post(number, customer="c2")
        for step in range(6):
            if step == crash_after:
                bench.again()
            bench.now_ms += 100
            bench.run.step()
        bench.now_ms += SETTINGS.flush_interval_ms
        bench.settle()
        queries = bench.log.queries
        letters = queries.outputs(topics.DEAD_LETTERS.name, limit=99)
        results.append((bench.state(), queries.transitions(limit=99), letters, queries.score("c1")))
        bench.log.close()

    assert all(result == results[0] for result in results)
    assert (len(results[0][1][0]), len(results[0][2][0])) == (3, 1)


def test_recovery_reads_the_flushes_and_goes_on_behind_them(bench: Bench) -> None:
    """What is flushed is not processed again; what is not, is."""
    bench.post(1, 2, 3)
    bench.settle()
    bench.post(4)

    bench.again()
    bench.run.recover()
    recovered = bench.run.visible
    bench.settle()

    assert (recovered, bench.run.visible) == (3, 4)
    assert bench.metric("records_read_total") == 1


def test_a_failed_flush_drops_the_state_and_takes_it_over_from_the_log(tmp_path: Path) -> None:
    """On a full disk readers are told to wait, nothing is half written, and with space all comes once."""
    bench = Bench(tmp_path, max_bytes=400_000)
    bench.post(1, 2, 3)
    bench.settle()
    number = 4
    with pytest.raises(DiskFull):
        while True:
            bench.post(number)
            number += 1
            fill(bench.log)
            bench.now_ms += 1_000
            bench.settle()
    dropped = bench.run.hindrance

    with pytest.raises(Recovering), bench.run.processor():
        pass
    grow(bench)
    bench.settle()
    bench.run.flush()

    assert dropped is not None
    assert "read back" in dropped
    assert bench.run.hindrance is None
    assert bench.log.queries.transitions(limit=9_999)[0] != []
    undisturbed = recovery.caught_up(bench.log, CountingProcessor)
    assert bench.state() == undisturbed.state()
    bench.log.close()


def test_a_bug_in_the_processor_is_raised_and_nothing_of_the_chunk_stays(bench: Bench) -> None:
    """Half a chunk in memory is no state: it is dropped, and the error reaches whoever steps."""
    bench.post(1)
    bench.settle()
    bench.log.append([touchpoint("c1", "m2", at_ms=NOON_MS), BUG], NOON_MS)

    with pytest.raises(ProcessingFailed, match="ValidationError") as caught:
        bench.run.step()

    assert isinstance(caught.value.__cause__, msgspec.ValidationError)
    with pytest.raises(Recovering), bench.run.processor():
        pass


def test_a_record_that_fails_three_times_is_a_dead_letter_and_the_others_are_applied(bench: Bench) -> None:
    """Each failure drops a torn state, and what is around the record comes out of the log again, once."""
    bench.post(1)
    bench.settle()
    bench.post(2)
    bench.log.append([BUG], NOON_MS)
    bench.post(3, 4)
    failures = 0

    while failures < MOST_FAILURES:
        with pytest.raises(ProcessingFailed):
            bench.settle()
        failures += 1
    bench.settle()
    bench.run.flush()

    (letter,) = bench.log.queries.outputs(topics.DEAD_LETTERS.name, limit=9)[0]
    found = msgspec.json.decode(letter, type=DeadLetter)
    assert (found.reason, found.value, found.source_offset) == (
        DeadLetterReason.INTERNAL_ERROR, BUG[1], 2,
    )  # fmt: skip
    with bench.run.processor() as processor:
        assert processor.rows["c1"].count == 4
        assert processor.totals == {"applied": 4, "dead_letter": 1}
    assert len(bench.log.queries.transitions(limit=9)[0]) == 1
    assert bench.metric("processing_failures_total") == MOST_FAILURES


def test_a_restart_goes_on_behind_a_record_that_was_set_aside(bench: Bench) -> None:
    """It is in the flush like any other: what has failed before the restart is not read again."""
    bench.post(1)
    bench.log.append([BUG], NOON_MS)
    for _ in range(MOST_FAILURES):
        with pytest.raises(ProcessingFailed):
            bench.settle()
    bench.settle()
    bench.run.flush()

    bench.again()
    bench.post(2)
    bench.settle()

    with bench.run.processor() as processor:
        assert processor.totals == {"applied": 2, "dead_letter": 1}


def test_a_damaged_log_stops_the_run(bench: Bench) -> None:
    """A record that is missing is not stepped over."""
    bench.post(1)
    bench.post(2)
    bench.log._writer.execute("DELETE FROM input WHERE first = 0")

    with pytest.raises(FileCorrupt, match="record 0 is missing"):
        bench.run.step()


def test_a_changed_model_is_announced_in_the_log_before_the_run_goes_on(bench: Bench) -> None:
    """The record names the model; the same model is never announced, and the new one only once."""
    bench.post(1)
    bench.settle()
    other = msgspec.structs.replace(MODEL, digest="d2", version=2)
    bench.again()
    bench.run.recover()
    same = bench.internal()

    bench.again(other)
    bench.run.recover()
    bench.again(other)  # a crash before the record was processed
    bench.run.recover()
    bench.settle()
    bench.run.flush()
    bench.again(other)
    bench.run.recover()

    [announced] = bench.internal()
    assert same == []
    assert (announced.kind, announced.model, announced.version, announced.digest) == (
        "model",
        "counting",
        2,
        "d2",
    )
    assert announced.timestamp == instant(NOON_MS)


def test_of_two_models_announced_and_not_yet_read_the_last_counts(bench: Bench) -> None:
    """Going back to the first model after a crash announces it again, behind the other."""
    bench.post(1)
    bench.settle()
    for digest in ("d2", "d3", "d2"):
        bench.again(msgspec.structs.replace(MODEL, digest=digest))
        bench.run.recover()

    assert [record.digest for record in bench.internal()] == ["d2", "d3", "d2"]


def test_a_look_from_outside_sees_the_end_of_the_log_and_tells_nothing(bench: Bench) -> None:
    """Beside the owner a reader restores the flushes and processes the rest, and writes nothing."""
    bench.post(1, 2)
    bench.settle()
    bench.post(3)

    reader = LogReader(bench.directory)
    seen = recovery.caught_up(reader, CountingProcessor)
    reader.close()

    assert (seen.position, seen.rows["c1"].count) == (3, 3)
    assert bench.log.queries.transitions(limit=9) == ([], None)


def test_what_happened_is_counted_once(bench: Bench) -> None:
    """Records are counted when they are read, what is told when it is written."""
    bench.post(1, 1, 2, 3)
    bench.log.append([(b"c1", b"no json")], NOON_MS)
    bench.settle()
    bench.run.flush()

    assert bench.metric("records_read_total") == 5
    assert bench.metric("touchpoints_total", outcome="applied") == 3
    assert bench.metric("touchpoints_total", outcome="duplicate") == 1
    assert bench.metric("dead_letters_total", source="log", reason="not_json") == 1
    assert bench.metric("scores_emitted_total") == 1
    assert bench.metric("flush_seconds_count") == bench.log.last_flush


def test_a_wait_is_over_at_once_for_what_is_visible_and_fails_for_what_never_comes(bench: Bench) -> None:
    """`visible` is the offset after the last record whose effect a reader sees."""
    bench.post(1)
    bench.settle()

    assert bench.run.wait_visible(0, timeout_s=0)
    assert not bench.run.wait_visible(1, timeout_s=0)


def fill(log: EmbeddedLog) -> None:
    """Use up the space that a flush needs, as another program on the disk would."""
    pages = log._writer.execute("PRAGMA page_count").fetchone()[0]
    log._writer.execute(f"PRAGMA max_page_count = {pages}")


def grow(bench: Bench) -> None:
    bench.log._writer.execute("PRAGMA max_page_count = 100000")


def test_the_stand_in_has_nothing_due_when_it_is_empty() -> None:
    """NEVER lies beyond every instant that a test uses."""
    assert CountingProcessor().next_due_ms() == NEVER
