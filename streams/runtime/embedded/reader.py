"""The log read without writing: records, flushes, outputs. Also beside the process that writes it."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from schemas.pages import TouchpointPage
from streams import topics
from streams.archive import outputs
from streams.archive.outputs import Page
from streams.archive.questions import Questions
from streams.archive.readers import Readers
from streams.archive.tables import TOLD
from streams.runtime.compaction import Stored
from streams.runtime.embedded import database, flushes, inputs, touchpoints
from streams.runtime.embedded.errors import FileCorrupt, translated
from streams.runtime.embedded.inputs import Damaged
from streams.runtime.record import Record


class LogReader:
    """The log in `directory`, open for reading; many threads may use it, `at_once` of them at the same time.

    Raises:
        NoLog: there is none.
        FileCorrupt, NewerSchema, DirectoryUnwritable, DiskFailing: it cannot be read.
    """

    def __init__(self, directory: Path, *, at_once: int = 1) -> None:
        self._path = directory / database.NAME
        self._readers = Readers(lambda: database.open_to_read(self._path), at_once)
        self.told = Questions(self._reading_told)

    def close(self) -> None:
        """Let go of the file."""
        self._readers.close()

    # Every method raises FileCorrupt when bytes changed or a record is missing, and DiskFailing when
    # the file cannot be read.

    def next_offset(self) -> int:
        """Return the offset that the next record will have.

        Retention deletes input only below the newest flush's position, so where no input is
        left that position is the end.
        """
        with self._reading() as connection:
            return max(inputs.next_offset(connection), flushes.position(connection))

    def read(self, offset: int, limit: int) -> list[Record]:
        """Return up to `limit` records from `offset` on; empty only at the end of the log."""
        with self._reading() as connection:
            return inputs.read(connection, offset=offset, limit=limit)

    def flushes(self) -> Iterator[bytes]:
        """Yield the bodies of the flushes in ascending order, one in memory at a time."""
        number = 0
        while True:
            with self._reading() as connection:
                found = flushes.body_after(connection, number)
            if found is None:
                return
            number, body = found
            yield body

    def chain(self) -> list[Stored]:
        """Return number and size of every flush, ascending."""
        with self._reading() as connection:
            return flushes.chain(connection)

    def transitions(
        self,
        *,
        customer_id: str | None = None,
        framework: str | None = None,
        before: int | None = None,
        limit: int,
    ) -> Page:
        """Return the JSON of up to `limit` transitions, newest first, and the cursor of older ones."""
        return self.outputs(
            topics.TRANSITIONS.name, key=customer_id, about=framework, before=before, limit=limit
        )

    def alerts(
        self,
        *,
        customer_id: str | None = None,
        alert: str | None = None,
        before: int | None = None,
        limit: int,
    ) -> Page:
        """Return the JSON of up to `limit` alerts, newest first, and the cursor of older ones."""
        return self.outputs(topics.ALERTS.name, key=customer_id, about=alert, before=before, limit=limit)

    def outputs(
        self,
        topic: str,
        *,
        key: str | None = None,
        about: str | None = None,
        before: int | None = None,
        limit: int,
    ) -> Page:
        """Return the JSON of up to `limit` (1 or more) outputs of `topic`, newest first.

        `about` is the framework, the alert or the reason. `before` is the cursor that came with
        an earlier page; the cursor returned is None when nothing older is left.
        """
        coded = None if key is None else key.encode()
        with self._reading() as connection:
            return outputs.page(connection, TOLD[topic], key=coded, about=about, before=before, limit=limit)

    def touchpoints(self, customer_id: str, *, before: int | None, limit: int) -> TouchpointPage:
        """Return a customer's touchpoints, the last stored first; `before` is a cursor of an earlier page."""
        with self._reading() as connection:
            return touchpoints.find(connection, customer_id.encode(), before=before, limit=limit)

    def score(self, customer_id: str) -> bytes | None:
        """Return the JSON of a customer's latest score update, None when there was none."""
        with self._reading() as connection:
            return outputs.score(connection, customer_id.encode())

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        with translated(self._path), self._readers.reading() as connection:
            try:
                yield connection
            except Damaged as error:
                raise FileCorrupt(self._path, str(error)) from error

    @contextmanager
    def _reading_told(self) -> Iterator[sqlite3.Connection]:
        """Give a connection for a question; the first version of the file has no tables for some.

        Raises:
            OlderSchema: it is of that version still.
        """
        with self._reading() as connection:
            try:
                yield connection
            except sqlite3.OperationalError:
                database.see_that_it_is_current(connection, self._path)
                raise
