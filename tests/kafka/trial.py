"""One run that is to be disturbed: a fleet, a load, how far it is, and the verdict of the topics."""

import contextlib
import random
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from streams.model.load import load_model
from streams.runtime.processor import Processor
from tests.kafka import checker, load
from tests.kafka.broker import Broker
from tests.kafka.conftest import Fresh
from tests.kafka.evidence import Evidence, told
from tests.kafka.fleet import HASTY, Fleet, wait_for
from tests.kafka.load import Load
from tests.kafka.progress import Progress
from tests.kafka.reading import read_evidence

SETTLE_S: Final = 90.0
STOP_S: Final = 10.0
CHUNK: Final = 100
EXIT_FENCED: Final = 75
EXIT_STUCK: Final = 71


class Trial(NamedTuple):
    """What a test of a fault has in its hands."""

    broker: Broker
    fresh: Fresh
    fleet: Fleet
    load: Load
    progress: Progress
    chance: random.Random

    def flow(self, *, rate: float = 1_000, customers: int = 200) -> None:
        """Begin to write what customers do, until the end of the run."""
        self.load.begin(load.touchpoints(self.chance.randrange(1 << 30), customers=customers), rate=rate)

    def wait_until_flowing(self, more: int = 200) -> None:
        """Return when the state of every partition has moved on by so many records."""
        begun = self.progress.positions()

        def moved() -> bool:
            return all(at >= begun[each] + more for each, at in self.progress.positions().items())

        try:
            wait_for("the state of every partition moves on", moved)
        except AssertionError as error:
            raise AssertionError(f"{error}: from {begun}, {self.standing()}") from None

    def wait_until_moved(self, records: int) -> None:
        """Return when the state of all partitions together has moved on by so many records."""
        until = sum(self.progress.positions().values()) + records
        wait_for("the state moves on", lambda: sum(self.progress.positions().values()) >= until)

    def standing(self) -> str:
        """Return how far everything is, for a message."""
        hindrances = {member.name: member.hindrance for member in self.fleet.alive}
        return f"positions {self.progress.positions()}, ends {self.progress.ends()}, workers {hindrances}"

    def hindered(self, pattern: str) -> bool:
        """Return whether a worker says at /readyz that something of this pattern keeps it from working."""
        return any(re.search(pattern, member.hindrance or "") for member in self.fleet.alive)

    def see_work_pending(self) -> None:
        """See that records had been written that no state holds, or the fault would prove nothing."""
        pending = self.progress.pending()
        assert sum(pending.values()) > 0, f"nothing was pending: {pending}"

    def wait_until_done(self) -> None:
        """Return when everything that is in the input now is in the state."""
        ends = self.progress.ends()
        wait_for(
            "everything that was written is in the state",
            lambda: all(at >= ends[each] for each, at in self.progress.positions().items()),
            timeout_s=SETTLE_S,
        )

    def settle(self, undisturbed: Callable[..., Processor] = Processor, *, chunk: int = CHUNK) -> Evidence:
        """End the load, wait until all of it is in a flush, end the workers tidily, and judge the topics.

        undisturbed, chunk: what they are held against, and how many records it gets at once.
        """
        self.load.end()
        self.wait_until_done()
        for member in self.fleet.alive:
            stopped = member.stop()
            assert stopped.code == 0, f"{member.name} ended with {stopped.code}\n{member.tail()}"
            assert stopped.seconds < STOP_S, f"{member.name} took {stopped.seconds:.1f} s to end"
        evidence = self.evidence()
        written = sum(each.key is not None for each in evidence.touchpoints)
        assert written == self.load.acknowledged, f"{written} in the log, {self.load.acknowledged} were sent"
        self.judge(evidence, undisturbed, chunk=chunk)
        return evidence

    def evidence(self) -> Evidence:
        """Return what stands in the topics; of the input, what the state holds: a last tick may wait."""
        positions = self.progress.positions()
        found = read_evidence(self.broker.bootstrap, self.fresh.prefix)
        held = [each for each in found.touchpoints if each.offset < positions[each.partition]]
        waiting = [each for each in found.touchpoints if each.offset >= positions[each.partition]]
        assert all(each.key is None for each in waiting), f"not in the state: {waiting[:3]}"
        return found._replace(touchpoints=held)

    def judge(
        self, evidence: Evidence, undisturbed: Callable[..., Processor] = Processor, *, chunk: int = CHUNK
    ) -> None:
        """See that the checker finds nothing."""
        model = load_model(str(HASTY))
        findings = checker.check(
            evidence,
            model,
            new_processor=lambda: undisturbed(model, source=evidence.source, storing=False),
            chunk=chunk,
        )
        assert not findings, told(findings)


@contextlib.contextmanager
def trial(
    broker: Broker, fresh: Fresh, directory: Path, /, *, seed: int, partitions: int = 4, **settings: str
) -> Iterator[Trial]:
    """Give a run with no worker and no load yet; its processes are gone at the end of the context."""
    chance = random.Random(seed)
    with (
        Fleet(broker, fresh, directory, partitions=partitions, **settings) as fleet,
        contextlib.closing(Progress(broker, fresh, partitions=partitions)) as progress,
    ):
        yield Trial(broker, fresh, fleet, Load(broker, fresh), progress, chance)


@contextlib.contextmanager
def supervised(fleet: Fleet, log: list[int]) -> Iterator[None]:
    """Start a worker again whenever one ends with "start it again", as an installation does."""
    over = threading.Event()

    def watch() -> None:
        seen: set[str] = set()
        while not over.wait(0.2):
            for member in list(fleet.members):
                if not member.alive and member.name not in seen:
                    seen.add(member.name)
                    log.append(member.process.returncode)
                    if member.process.returncode != 0:
                        fleet.start()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
