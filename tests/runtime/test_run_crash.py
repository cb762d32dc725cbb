import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import msgspec
import pytest

from streams import topics
from streams.runtime.embedded import recovery
from streams.runtime.embedded.reader import LogReader
from tests.runtime.counting import CountingProcessor

Batch = list[tuple[str, str]]
ALL = 10**6


class Sender:
    """Posts batches to a child that is killed and started again, each until it is acknowledged."""

    def __init__(self, directory: Path, *, seed: int, fault: str = "none") -> None:
        self.directory = directory
        self.random = random.Random(seed)
        self.fault = fault
        self.started_ns = time.time_ns()
        self.sent = 0
        self.unacknowledged: list[Batch] = []
        self.acknowledged: list[tuple[int, Batch]] = []
        self.deaths = 0

    def live(self, *, batches: int, kill: bool) -> None:
        """Let a child live for some batches; then kill it in the middle of its work, or let it end tidily."""
        command = [sys.executable, "-m", "tests.runtime.crash_child", str(self.directory)]
        command += [str(self.started_ns), self.fault]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0) as child:
            assert child.stdin is not None
            for _ in range(batches):
                batch = self.unacknowledged.pop() if self.unacknowledged else self._batch()
                if not self._post(child, batch):
                    break
            if kill:
                batch = self._batch()
                self.unacknowledged.append(batch)
                self._write(child, batch)
                threading.Event().wait(self.random.random() * 0.01)  # the random moment
                child.kill()
            child.stdin.close()
            child.wait(timeout=60)
            assert child.returncode in (0, -signal.SIGKILL), "it ended by a defect"
            self.deaths += child.returncode == -signal.SIGKILL

    def _batch(self) -> Batch:
        size = self.random.randint(1, 20)
        names = [f"m{number}" for number in range(self.sent, self.sent + size)]
        self.sent += size
        return [(f"c{self.random.randrange(30)}", name) for name in names]

    def _post(self, child: "subprocess.Popen[bytes]", batch: Batch) -> bool:
        assert child.stdout is not None
        self._write(child, batch)
        answer = child.stdout.readline()
        if not answer:
            self.unacknowledged.append(batch)
            return False
        self.acknowledged.append((int(answer), batch))
        return True

    @staticmethod
    def _write(child: "subprocess.Popen[bytes]", batch: Batch) -> None:
        assert child.stdin is not None
        with suppress(BrokenPipeError):  # it is dead: no answer will come
            child.stdin.write(msgspec.json.encode(batch) + b"\n")


def audit(sender: Sender) -> None:
    """Check what the log holds against what was sent, and against an undisturbed run over the same log."""
    reader = LogReader(sender.directory)
    records = reader.read(0, ALL)
    stored = [(record.key, msgspec.json.decode(record.value).get("message_id")) for record in records]
    assert [record.offset for record in records] == list(range(len(records)))
    for first, batch in sender.acknowledged:
        expected = [(customer.encode(), name) for customer, name in batch]
        assert stored[first : first + len(batch)] == expected, "an acknowledged batch is not in the log"

    resumed = recovery.restored(reader, CountingProcessor)
    assert all(key is None for key, _ in stored[resumed.position :]), "a tidy stop leaves only ticks unread"
    undisturbed = CountingProcessor()
    happened = undisturbed.process(records[: resumed.position])
    assert resumed.state() == undisturbed.state()
    names = {name for _, batch in sender.acknowledged for _, name in batch}
    assert undisturbed.totals["applied"] == len(names), "a touchpoint was lost or counted twice"

    for topic, outputs in (
        (topics.TRANSITIONS.name, happened.transitions()),
        (topics.ALERTS.name, happened.alerts()),
    ):
        values, _ = reader.outputs(topic, limit=ALL)
        assert Counter(values) == Counter(map(msgspec.json.encode, outputs)), f"{topic}: lost or repeated"
    for score in happened.scores():
        assert reader.score(score.customer_id) == msgspec.json.encode(score)
    assert happened.alerts(), "no tick was ever due: the test shows too little"
    reader.close()


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_at_random_moments_nothing_is_lost_and_nothing_counted_twice(
    tmp_path: Path, seed: int
) -> None:
    """Law 2: after ten SIGKILLs in the middle of work, and every batch posted until acknowledged.

    Each acknowledged batch stands once at the offset that was told, each touchpoint is counted
    once, each output is there once, and the state equals that of an undisturbed run.
    """
    sender = Sender(tmp_path, seed=seed)
    for _ in range(10):
        sender.live(batches=sender.random.randint(0, 25), kill=True)

    sender.live(batches=40, kill=False)

    assert sender.deaths == 10
    assert sender.unacknowledged == []
    audit(sender)


@pytest.mark.parametrize(("fault", "found"), [("torn", "lost or repeated"), ("early", "not in the log")])
def test_the_audit_finds_a_planted_fault(tmp_path: Path, fault: str, found: str) -> None:
    """A flush torn into two transactions repeats outputs; an answer before the commit loses a batch."""
    sender = Sender(tmp_path, seed=1, fault=fault)
    sender.live(batches=40, kill=False)
    sender.fault = "none"

    sender.live(batches=40, kill=False)

    assert sender.deaths == 1
    with pytest.raises(AssertionError, match=found):
        audit(sender)
