"""A checked copy of a log: how a backup is made while its owner writes, and how one is put back.

A copy is of one instant, the beginning of the copying: a read transaction holds it, and the writer,
which in a write-ahead log never waits for readers, goes on. A copy gets its name when it is whole,
checked and on the disk; until then it is called `….partial`.
"""

import fcntl
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import msgspec

from streams.runtime.embedded import database, inputs
from streams.runtime.embedded.errors import BackupImpossible, FileCorrupt, NewerSchema, translated
from streams.runtime.embedded.inputs import Damaged
from streams.runtime.flush import VERSION as STATE_VERSION

PARTIAL: Final = ".partial"
_PAGES_A_STEP: Final = 1_000  # 4 MB: so often progress is told

# Called with the pages that are copied, and with all.
OnStep = Callable[[int, int], None]


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    """What a log holds. `position` is where the state ends; a start reads the records after it again."""

    schema: int
    state_version: int
    records: int
    first_offset: int
    next_offset: int
    position: int
    flushes: int
    model: str
    model_digest: str
    scored_customers: int
    as_of_ms: int
    bytes: int


class _Head(msgspec.Struct, array_like=True):
    """How the body of a flush begins."""

    version: int
    number: int
    position: int
    ticked_ms: int
    model: str
    model_digest: str


_decode_head: Final = msgspec.msgpack.Decoder(_Head).decode


def copy(source: Path, target: Path, *, on_step: OnStep = lambda done, pages: None) -> Contents:
    """Copy the log in the file `source` to the new file `target`; return what the copy holds.

    Raises:
        BackupImpossible: `target` exists, cannot be written or is being written by another process.
        NoLog, FileCorrupt, NewerSchema, DiskFailing: the log, or what was copied of it, cannot be used.
    """
    if target.exists():
        raise BackupImpossible(target, f"{target} exists, and is left as it is. Name a file that does not.")
    with closing(database.open_to_read(source)) as log, _partial(target) as partial:
        with translated(source):
            log.execute("BEGIN")
            log.execute("SELECT count(*) FROM sqlite_master").fetchone()  # from here on it is one instant
        _copy_pages(log, partial, on_step)
        try:
            contents = examine(partial)
        except FileCorrupt as error:
            raise FileCorrupt(source, error.detail) from error
    return contents


def examine(path: Path) -> Contents:
    """Check the whole log in the file `path`, which nobody writes; return what it holds.

    Raises:
        NoLog, FileCorrupt, NewerSchema, DiskFailing: it cannot be used.
    """
    with closing(database.open_to_read(path)) as log, translated(path):
        problems = [text for (text,) in log.execute("PRAGMA integrity_check(3)")]
        if problems != ["ok"]:
            raise FileCorrupt(path, "; ".join(problems))
        try:
            first, end = _check_input(log)
            flushes, head = _check_flushes(log)
        except (Damaged, msgspec.DecodeError) as error:
            raise FileCorrupt(path, str(error)) from error
        if head.position > end > 0 or (flushes and first > head.position):
            raise FileCorrupt(path, f"its state ends at {head.position}, its records at {end}")
        if head.version > STATE_VERSION:
            raise NewerSchema(path, found=head.version, known=STATE_VERSION, of="state version")
        return Contents(
            schema=_one(log, "PRAGMA user_version"),
            state_version=head.version,
            records=_one(log, "SELECT coalesce(sum(count), 0) FROM input"),
            first_offset=first,
            next_offset=max(end, head.position),
            position=head.position,
            flushes=flushes,
            model=head.model,
            model_digest=head.model_digest,
            scored_customers=_one(log, "SELECT count(*) FROM scores"),
            as_of_ms=_one(
                log,
                "SELECT max(coalesce((SELECT max(written_ms) FROM flushes), 0), "
                "coalesce((SELECT appended_ms FROM input ORDER BY first DESC LIMIT 1), 0))",
            ),
            bytes=path.stat().st_size,
        )


def _check_input(log: sqlite3.Connection) -> tuple[int, int]:
    """Check every record; return the offsets of the first and after the last (0, 0 without any).

    Raises:
        Damaged: bytes changed, or a record is missing.
    """
    start: int | None = None
    end = 0
    for first, count, digest, body in log.execute(
        "SELECT first, count, digest, body FROM input ORDER BY first"
    ):
        inputs.intact(body, digest)
        if start is None:
            start = end = first
        if first != end:
            raise Damaged(f"record {end} is missing")
        end += count
    return start or 0, end


def _check_flushes(log: sqlite3.Connection) -> tuple[int, _Head]:
    """Check every flush; return how many there are, and the beginning of the newest.

    Raises:
        Damaged: bytes changed.
        msgspec.DecodeError: it is no flush.
    """
    found = 0
    head = _Head(version=STATE_VERSION, number=0, position=0, ticked_ms=0, model="", model_digest="")
    for digest, body in log.execute("SELECT digest, body FROM flushes ORDER BY number"):
        head = _decode_head(inputs.intact(body, digest))
        found += 1
    return found, head


def _one(log: sqlite3.Connection, query: str) -> int:
    (value,) = log.execute(query).fetchone()
    return int(value)


@contextmanager
def _partial(target: Path) -> Iterator[Path]:
    """Give a file to copy into, and in the end its name; where it fails, the file goes.

    A file that a killed process left is taken over; one that a living process writes is not.
    """
    path = target.with_name(target.name + PARTIAL)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise BackupImpossible(target, f"Cannot write {path}: {error.strerror}.") from error
    try:
        if not _is_ours(descriptor, path):
            raise BackupImpossible(target, f"Another process is writing {path}.")
        try:
            os.ftruncate(descriptor, 0)
            yield path
            os.fsync(descriptor)
            path.rename(target)
            sync_directory(target.parent)
        except OSError as error:
            raise BackupImpossible(target, f"Cannot write {target}: {error.strerror}.") from error
        finally:
            path.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def _is_ours(descriptor: int, path: Path) -> bool:
    """Take the lock on the file; say whether nobody else has it, nor had it and renamed it meanwhile."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.fstat(descriptor).st_ino == path.stat().st_ino
    except (BlockingIOError, FileNotFoundError):
        return False


def _copy_pages(log: sqlite3.Connection, partial: Path, on_step: OnStep) -> None:
    with closing(sqlite3.connect(partial, isolation_level=None)) as copied:
        # What is half written is thrown away, so nothing has to be written twice for the case of a crash.
        copied.execute("PRAGMA journal_mode = OFF")
        copied.execute("PRAGMA synchronous = OFF")
        try:
            log.backup(
                copied, pages=_PAGES_A_STEP, progress=lambda _, left, pages: on_step(pages - left, pages)
            )
            # Out of the write-ahead mode, in which a file cannot be read from a medium that is read-only.
            copied.execute("PRAGMA journal_mode = DELETE")
        except sqlite3.DatabaseError as error:
            raise BackupImpossible(partial, f"Copying to {partial} failed: {error}.") from error


def sync_directory(directory: Path) -> None:
    """Make renames in `directory` durable."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
