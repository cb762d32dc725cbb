"""Records at which our own code failed: tried again alone, and after three failures not any more. Pure.

A bug at one record must not block its partition for ever. Whoever runs the processor drops the state, which
may be torn, takes it over again from the log, and asks here how to go on.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Final, NamedTuple

from streams.runtime.record import Record

if TYPE_CHECKING:
    from streams.runtime.outbox import Outbox
    from streams.runtime.processor import Processor

MOST_FAILURES: Final = 3


class ProcessingFailed(Exception):
    """Our own code failed at one of the records `first` to `last`: a bug, which is the cause of this.

    The state is dropped, and each of them is tried again alone. Report it, and replay what becomes a dead
    letter after an upgrade. failures: how often these records have failed, those that did most often.
    """

    def __init__(self, records: Sequence[Record], error: Exception, *, failures: int) -> None:
        self.first, self.last, self.failures = records[0].offset, records[-1].offset, failures
        where = f"offset {self.first}" if len(records) == 1 else f"offsets {self.first} to {self.last}"
        super().__init__(f"{type(error).__name__} in Rapport's own code at {where}")
        self.__cause__ = error


class Portion(NamedTuple):
    """Records to be processed in one call. hopeless: instead, set this one record aside, and say this."""

    records: Sequence[Record]
    hopeless: str | None = None


class Suspects:
    """Records that were in a portion that failed, and how often; forgotten once they are flushed.

    Those that failed are in portions of their own from then on, so a portion that fails shows which record
    it was, and the failures of a record are at most one more than its own.
    """

    def __init__(self) -> None:
        self._failures: dict[int, int] = {}  # by offset
        self._errors: dict[int, str] = {}  # what each met last

    def portions(self, records: Sequence[Record]) -> Iterator[Portion]:
        """Yield records in order, as they are to be processed."""
        if not self._failures:
            yield Portion(records)
            return
        for suspect, together in groupby(records, lambda record: record.offset in self._failures):
            if suspect:
                yield from (Portion([record], self._hopeless(record.offset)) for record in together)
            else:
                yield Portion(list(together))

    def apply(self, portion: Portion, processor: "Processor", outbox: "Outbox") -> None:
        """Let a portion be processed, or its record be set aside.

        Raises:
            ProcessingFailed: a bug met it. Processor and outbox may be torn: drop both.
            MemoryError: that is no record's fault.
        """
        try:
            if portion.hopeless is None:
                outcome = processor.process(portion.records)
            else:
                outcome = processor.set_aside(portion.records[0], portion.hopeless)
            began_s = processor.pace()
            outbox.add(outcome)
            processor.spent["render"] += processor.pace() - began_s
        except MemoryError:
            raise
        except Exception as error:
            raise self.failed(portion.records, error) from error

    def failed(self, records: Sequence[Record], error: Exception) -> ProcessingFailed:
        """Note that the records of a portion failed, and return what says so."""
        for record in records:
            self._failures[record.offset] = self._failures.get(record.offset, 0) + 1
            self._errors[record.offset] = type(error).__name__
        failures = max(self._failures[record.offset] for record in records)
        return ProcessingFailed(records, error, failures=failures)

    def flushed(self, position: int) -> None:
        """Forget the records below a position: they are not processed again."""
        if self._failures:
            self._failures = {at: count for at, count in self._failures.items() if at >= position}
            self._errors = {at: error for at, error in self._errors.items() if at >= position}

    def _hopeless(self, offset: int) -> str | None:
        if self._failures[offset] < MOST_FAILURES:
            return None
        return (
            f"a defect in Rapport ({self._errors[offset]}): it failed {MOST_FAILURES} times at this record. "
            "Report it, and send the record again after an upgrade"
        )
