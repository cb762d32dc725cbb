"""A worker with a fault planted in it; its settings come from the environment, as those of `rapport worker`.

Arguments: the fault, and for some the partitions that it is in (none: all of them).
defect: our own code fails at each record of customer `bug`, and twice at each of customer `shaky`, after it
has half applied what came before. slow-processing: each chunk of the partitions takes 50 ms more; at the end
it says how many bytes of each partition waited, at most. slow-flush: each flush takes 2 s more.
"""

import asyncio
import atexit
import json
import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final

from faust.types import TP

from streams.cli.fleet import run
from streams.runtime.kafka.chunks import Chunk, Intake
from streams.runtime.kafka.outputs import Outgoing
from streams.runtime.kafka.state import PartitionState
from streams.runtime.kafka.transaction import FlushProducer
from streams.runtime.outcome import Outcome
from streams.runtime.processor import Processor
from streams.runtime.record import Record
from streams.runtime.suspects import Portion, Suspects
from streams.settings import load

BUG: Final = b"bug"
SHAKY: Final = b"shaky"
SLOW_CHUNK_S: Final = 0.05
SLOW_FLUSH_S: Final = 2.0


def defect() -> None:
    """Fail in the midst of a chunk, when half of its effect is in the state."""
    sound, met = Processor.process, Counter[tuple[bytes, int]]()

    def process(self: Processor, records: Sequence[Record]) -> Outcome:
        for place, record in enumerate(records):
            if record.key in {BUG, SHAKY} and record.offset >= self.position:
                met[record.key, record.offset] += 1
                if record.key == BUG or met[record.key, record.offset] <= 2:
                    sound(self, records[:place])
                    raise ZeroDivisionError("planted")
        return sound(self, records)

    Processor.process = process  # type: ignore[method-assign]


def slow_processing(*partitions: int) -> None:
    """Hold everything up at each chunk of some partitions."""
    sound, accept, most = PartitionState.process, Intake.accept, Counter[int]()

    def process(self: PartitionState, portion: Portion, suspects: Suspects) -> None:
        if not partitions or self._place.partition in partitions:
            time.sleep(SLOW_CHUNK_S)
        sound(self, portion, suspects)

    def watched(self: Intake, tp: TP, *arguments: Any) -> Chunk | None:
        chunk = accept(self, tp, *arguments)
        most[tp.partition] = max(most[tp.partition], self._sizes.get(tp, 0))
        return chunk

    PartitionState.process = process  # type: ignore[method-assign]
    Intake.accept = watched  # type: ignore[method-assign, assignment]
    atexit.register(lambda: print(json.dumps({"event": "waited", "bytes": most}), file=sys.stderr))


def slow_flush(*partitions: int) -> None:
    """Hold flushes of some partitions up before they are written."""
    sound = FlushProducer.write

    async def write(
        self: FlushProducer, outputs: Iterable[Outgoing], changelog: Iterable[Outgoing], *, partition: int
    ) -> None:
        if not partitions or partition in partitions:
            await asyncio.sleep(SLOW_FLUSH_S)
        await sound(self, outputs, changelog, partition=partition)

    FlushProducer.write = write  # type: ignore[method-assign]


FAULTS: Final = {"defect": defect, "slow-processing": slow_processing, "slow-flush": slow_flush}


def main(fault: str, *arguments: str) -> int:
    """Plant the fault, and work until told to stop; return the exit code."""
    FAULTS[fault](*map(int, arguments))
    return asyncio.run(run(load(os.environ)))


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
