"""The embedded log: one SQLite file in a data directory, used by one process.

It keeps three promises: an append is durable when it returns, a flush is whole or absent together
with its outputs and its position, and an offset is never given twice.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from threading import Condition, Lock
from types import MappingProxyType
from typing import Final, Self

import msgspec

from schemas.dead_letter import DeadLetter
from schemas.pages import Acknowledgement
from schemas.views import PartitionKpis
from streams import topics
from streams.archive import alert_book, figures, outputs, readers
from streams.archive.outputs import OutputRow
from streams.instrumentation import Instrumentation
from streams.runtime import compaction
from streams.runtime.embedded import database, flushes, inputs
from streams.runtime.embedded.errors import refusal
from streams.runtime.embedded.inputs import Item
from streams.runtime.embedded.lock import DirectoryLock
from streams.runtime.embedded.reader import LogReader
from streams.runtime.embedded.restore import see_that_none_is_unfinished
from streams.runtime.record import Flush, Record

PARTITION: Final = 0  # one process has one
_EXPIRED_PER_FLUSH: Final = 2_000  # rows of a table: a flush stays short, and keeps up with what comes in


class Retention(msgspec.Struct, frozen=True, kw_only=True):
    """For how long the log keeps what the state no longer needs, in milliseconds; None is for ever.

    `outputs_ms` is by topic; a topic that it does not name keeps its outputs for ever.
    """

    input_ms: int | None = topics.TOUCHPOINTS.retention_ms
    outputs_ms: Mapping[str, int | None] = MappingProxyType(
        {topic.name: topic.retention_ms for topic in topics.OUTPUTS}
    )


class _Append:
    """What one caller waits for: its rows on their way into the file, then its first offset or an error."""

    def __init__(self, rows: list[inputs.Row], appended_ms: int, refused: Sequence[DeadLetter]) -> None:
        self.rows = rows
        self.appended_ms = appended_ms
        self.refused = refused
        self.first = 0
        self.settled = False
        self.error: BaseException | None = None


class EmbeddedLog:
    """The log in `directory`, which is made when it is missing.

    Many threads may append, and query through `queries`. One thread reads and flushes (`EmbeddedRun`).
    `max_bytes` bounds the file's size; None leaves it to the disk.

    Raises:
        DirectoryUnwritable, DirectoryInUse: the directory cannot be made, or has its process already.
        RestoreUnfinished: it is missing since a restore was killed.
        FileCorrupt, NewerSchema, DiskFull, DiskFailing: the file cannot be used.
    """

    def __init__(
        self,
        directory: Path,
        *,
        retention: Retention | None = None,
        max_bytes: int | None = None,
        instrumentation: Instrumentation | None = None,
    ) -> None:
        self.directory = directory
        self.path = directory / database.NAME
        self.appended = Condition()  # notified when records became readable
        self._instrumentation = instrumentation
        self._retention = retention or Retention()
        self._gathering = Lock()  # around _waiting
        self._waiting: list[_Append] = []
        self._writing = Lock()  # around _writer and all that a commit changes
        see_that_none_is_unfinished(directory)
        try:
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise refusal(directory, error) from error
        self._lock = DirectoryLock(directory)
        try:
            self._writer = database.open_to_write(self.path, max_bytes=max_bytes)
            self._reader = LogReader(directory)  # for the thread that processes
            self.queries = LogReader(directory, at_once=readers.MANY)
            self._chain = self._reader.chain()
            self._next_offset = self._reader.next_offset()
        except BaseException:
            self._lock.release()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file and let another process in."""
        with self._writing:
            self.queries.close()
            self._reader.close()
            self._writer.close()
            self._lock.release()

    # Appending

    @property
    def next_offset(self) -> int:
        """The offset that the next record will have; every record below it is durable."""
        return self._next_offset

    def append(self, items: Sequence[Item], appended_ms: int, *, refused: Sequence[DeadLetter] = ()) -> int:
        """Make `items` (key and value), and the dead letters of what was refused beside them, durable.

        Return the offset of the first item; the others follow it. Appends that wait at the same
        time share one commit: whoever comes to write next writes for all of them.

        Raises:
            DiskFull, DiskFailing, FileCorrupt, DirectoryUnwritable: nothing of it is in the log.
        """
        mine = _Append(inputs.rows(items), appended_ms, refused)
        with self._gathering:
            self._waiting.append(mine)
        with self._writing:
            if not mine.settled:
                self._commit_waiting()
        if mine.error is not None:
            raise mine.error
        return mine.first

    def _commit_waiting(self) -> None:
        with self._gathering:
            group, self._waiting = self._waiting, []
        started = time.perf_counter()
        offset = self._next_offset
        try:
            with database.transaction(self._writer, self.path):
                for each in group:
                    each.first = offset
                    offset = inputs.insert(
                        self._writer, each.rows, first=offset, appended_ms=each.appended_ms
                    )
                    letters = map(outputs.dead_letter, each.refused)
                    outputs.insert(self._writer, letters, written_ms=each.appended_ms)
        except BaseException as error:
            for each in group:
                each.error = error
            if self._instrumentation is not None:
                records = sum(row.records for each in group for row in each.rows)
                self._instrumentation.append_failed(records=records, error=error)
            raise
        finally:
            for each in group:
                each.settled = True
        self._next_offset = offset
        with self.appended:
            self.appended.notify_all()
        if self._instrumentation is not None:
            self._instrumentation.appended(seconds=time.perf_counter() - started)

    # Reading

    def read(self, offset: int, limit: int) -> list[Record]:
        """Return up to `limit` records from `offset` on; empty only at the end of the log.

        Raises:
            FileCorrupt: a record is missing or its bytes changed.
            DiskFailing: the file cannot be read.
        """
        return self._reader.read(offset, limit)

    def flushes(self) -> Iterator[bytes]:
        """Yield the bodies of the flushes in ascending order, one in memory at a time.

        Raises:
            FileCorrupt: a body's bytes changed.
            DiskFailing: the file cannot be read.
        """
        return self._reader.flushes()

    # Flushing

    @property
    def last_flush(self) -> int:
        """The number of the newest flush; 0 when there is none."""
        return self._chain[-1].number if self._chain else 0

    @property
    def flush_bytes(self) -> int:
        """The size of all flush bodies together."""
        return sum(flush.size for flush in self._chain)

    def plan_carry(self, live_bytes: int) -> int:
        """Return the number below which the next flush has to carry the older ones; 0 for none."""
        return compaction.carry_before(self._chain, live_bytes=live_bytes)

    def write_flush(
        self,
        flush: Flush,
        told: Sequence[OutputRow],
        *,
        drop_before: int,
        written_ms: int,
        kpis: PartitionKpis | None = None,
    ) -> None:
        """Write the flush, its position, its outputs and figures as one, and apply retention.

        Flushes below `drop_before` go: this one carries what lives of them. Input goes only below
        this flush's position.

        Raises:
            DiskFull, DiskFailing, FileCorrupt, DirectoryUnwritable: nothing of it is in the log.
        """
        with self._writing:
            with database.transaction(self._writer, self.path):
                flushes.insert(self._writer, flush, written_ms=written_ms)
                flushes.drop(self._writer, before=drop_before)
                outputs.insert(self._writer, told, written_ms=written_ms)
                if kpis is not None:
                    figures.write(self._writer, PARTITION, kpis, now_ms=written_ms)
                self._expire(flush.position, written_ms=written_ms, told=len(told))
            kept = [stored for stored in self._chain if stored.number >= drop_before]
            self._chain = [*kept, compaction.Stored(flush.number, len(flush.body))]

    def acknowledge(self, alert_id: str, said: Acknowledgement | None) -> bool:
        """Note durably who looks after an alert, or (None) that nobody does; return whether it is known.

        Raises:
            DiskFull, DiskFailing, FileCorrupt, DirectoryUnwritable: nothing of it is in the log.
        """
        with self._writing, database.transaction(self._writer, self.path):
            return alert_book.acknowledge(self._writer, alert_id, said)

    def _expire(self, position: int, *, written_ms: int, told: int) -> None:
        most = max(_EXPIRED_PER_FLUSH, 2 * told)
        if self._retention.input_ms is not None:
            before_ms = written_ms - self._retention.input_ms
            inputs.expire(self._writer, position=position, before_ms=before_ms, most=most)

        def output_before_ms(topic: str) -> int | None:
            keep_ms = self._retention.outputs_ms.get(topic)
            return None if keep_ms is None else written_ms - keep_ms

        outputs.expire(self._writer, before_ms=output_before_ms, most=most)
