"""What a partition's owner holds in memory: the processor, what is not flushed yet, and the chain of flushes.

Nothing here waits: state, outputs and position move together, and a snapshot takes all at one instant.
"""

from typing import NamedTuple

from schemas.views import PartitionKpis
from streams.runtime import compaction
from streams.runtime.kafka.changelog import Chain, Head, LastRead
from streams.runtime.kafka.outputs import Outgoing, Renderer
from streams.runtime.kafka.takeover import Place
from streams.runtime.outbox import Outbox
from streams.runtime.processor import Processor
from streams.runtime.record import Flush
from streams.runtime.suspects import Portion, Suspects


class Snapshot(NamedTuple):
    """A flush to be written: outputs and changelog records, and what they were made of."""

    flush: Flush
    head: Head
    outputs: list[Outgoing]
    changelog: list[Outgoing]
    outbox: Outbox
    since_ms: int | None

    def age_ms(self, now_ms: int) -> int | None:
        """Return how long ago its first record was appended, None if there is none in it."""
        return None if self.since_ms is None else now_ms - self.since_ms


class PartitionState:
    """The state of one input partition, ahead of its changelog by what is not flushed."""

    def __init__(
        self,
        place: Place,
        processor: Processor,
        *,
        chain: Chain,
        head: Head | None,
        committed: int,
        renderer: Renderer,
        part_bytes: int,
    ) -> None:
        """committed: what the group has committed; part_bytes: how large a changelog record may be."""
        self.processor = processor
        self.committed = committed
        self.unflushed = 0  # records
        self._place = place
        self._chain = chain
        self._last_read = head.last_read if head is not None else None
        self._renderer = renderer
        self._part_bytes = part_bytes
        self._outbox = Outbox()
        self._since_ms: int | None = None  # when the first record that is not flushed was appended
        self.live_bytes: int | None = None  # were all of it written once; known from the first flush on

    @property
    def told(self) -> int:
        """Return how many outputs there have been, ever."""
        return self._outbox.told

    @property
    def stored_bytes(self) -> int:
        """Return the size of the flushes that hold it."""
        return sum(each.size for each in self._chain.stored())

    @property
    def changes(self) -> int:
        """Return how many records and outputs the next flush will hold."""
        return self.unflushed + len(self._outbox)

    def process(self, portion: Portion, suspects: Suspects) -> None:
        """Apply a portion.

        Raises:
            ProcessingFailed: a bug met it, and this state is not to be used again.
        """
        suspects.apply(portion, self.processor, self._outbox)
        self._last_read = LastRead.of(portion.records[-1])
        if self.unflushed == 0:
            self._since_ms = portion.records[0].appended_ms
        self.unflushed += len(portion.records)

    def snapshot(self, *, kpis: PartitionKpis | None) -> Snapshot:
        """Return all that changed since the last snapshot, and figures to be told with it."""
        outbox, self._outbox, self.unflushed = self._outbox, Outbox(after=self._outbox), 0
        carried = 0
        if self.live_bytes is not None:
            carried = compaction.carry_before(self._chain.stored(), live_bytes=self.live_bytes)
        flush = self.processor.flush(self._chain.last + 1, carry_before=carried)
        links = self._chain.links
        head = Head(
            number=flush.number,
            oldest=carried or (links[0].number if links else flush.number),
            position=flush.position,
            topic=self._place.topic,
            partition=self._place.partition,
            partitions=self._place.partitions,
            committed=self.committed,
            last_read=self._last_read,
        )
        rows = self._chain.rows(flush, head, part_bytes=self._part_bytes)
        outputs = self._renderer.records(outbox)
        if kpis is not None:
            outputs.append(self._renderer.kpis(kpis))
        changelog = [Outgoing(self._place.changelog, key, value) for key, value in rows]
        since_ms, self._since_ms = self._since_ms, None
        return Snapshot(flush, head, outputs, changelog, outbox, since_ms)

    def written(self, snapshot: Snapshot) -> None:
        """Note that a snapshot is in the changelog."""
        self._chain = self._chain.after(snapshot.flush, snapshot.head, part_bytes=self._part_bytes)
        self.live_bytes = snapshot.flush.live_bytes
