"""Records in the file: many to a row, because a row of SQLite costs several microseconds.

A row holds consecutive records that were appended together: the offset of the first, how many,
and their keys and values as MessagePack. A digest finds what the disk changed.
"""

import sqlite3
from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec
import xxhash

from streams.runtime.record import Record

Item = tuple[bytes | None, bytes]

# A row is decoded whole, so it is kept small beside a chunk.
_ROW_ITEMS: Final = 500
_ROW_BYTES: Final = 256 << 10
_READ_BYTES: Final = 16 << 20

_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(list[Item]).decode


class Damaged(Exception):
    """Stored bytes are not what was written."""


class Row(NamedTuple):
    """A row that is not yet in the file: how many records it holds, and their bytes."""

    records: int
    body: bytes


def rows(items: Sequence[Item]) -> list[Row]:
    """Pack `items` into rows, in their order."""
    packed = []
    start = size = 0
    for index, (key, value) in enumerate(items):
        width = len(value) + (0 if key is None else len(key))
        if index > start and (size + width > _ROW_BYTES or index - start == _ROW_ITEMS):
            packed.append(Row(index - start, _encode(items[start:index])))
            start, size = index, 0
        size += width
    if start < len(items):
        packed.append(Row(len(items) - start, _encode(items[start:])))
    return packed


def insert(connection: sqlite3.Connection, packed: Sequence[Row], *, first: int, appended_ms: int) -> int:
    """Write rows whose records begin at offset `first`; return the offset after them."""
    offset = first
    for row in packed:
        connection.execute(
            "INSERT INTO input (first, count, appended_ms, digest, body) VALUES (?, ?, ?, ?, ?)",
            (offset, row.records, appended_ms, digest(row.body), row.body),
        )
        offset += row.records
    return offset


def read(connection: sqlite3.Connection, *, offset: int, limit: int) -> list[Record]:
    """Return up to `limit` consecutive records from `offset` on; fewer at the end, or when they are large.

    Raises:
        Damaged: a row's bytes changed, or a record is missing.
    """
    found: list[Record] = []
    size = 0
    cursor = connection.execute(
        "SELECT first, appended_ms, digest, body FROM input "
        "WHERE first >= (SELECT coalesce(max(first), 0) FROM input WHERE first <= ?) ORDER BY first",
        (offset,),
    )
    try:
        for first, appended_ms, written, body in cursor:
            items = decoded(body, written)
            wanted = offset + len(found)
            if first + len(items) <= wanted:
                continue
            if first > wanted:
                raise Damaged(f"record {wanted} is missing")
            end = min(first + len(items), offset + limit)
            found.extend(Record(at, appended_ms, *items[at - first]) for at in range(wanted, end))
            size += len(body)
            if end == offset + limit or size >= _READ_BYTES:
                break
    finally:
        cursor.close()
    return found


def next_offset(connection: sqlite3.Connection) -> int:
    """Return the offset after the last record in the file; 0 when there is none."""
    row = connection.execute("SELECT first + count FROM input ORDER BY first DESC LIMIT 1").fetchone()
    return row[0] if row else 0


def expire(connection: sqlite3.Connection, *, position: int, before_ms: int, most: int) -> None:
    """Delete the oldest rows (`most` at most) that lie below `position` and are from before `before_ms`."""
    kept = 0
    cursor = connection.execute("SELECT first, count, appended_ms FROM input ORDER BY first LIMIT ?", (most,))
    for first, count, appended_ms in cursor:
        if first + count > position or appended_ms >= before_ms:
            break
        kept = first + count
    cursor.close()
    if kept:
        connection.execute("DELETE FROM input WHERE first < ?", (kept,))


def decoded(body: bytes, written: bytes) -> list[Item]:
    """Return the records of a row.

    Raises:
        Damaged: its bytes are not what `written` is the digest of.
    """
    return _decode(intact(body, written))


def digest(body: bytes) -> bytes:
    """Return what is stored beside `body` to know it again."""
    return xxhash.xxh3_64_digest(body)


def intact(body: bytes, written: bytes) -> bytes:
    """Return `body`.

    Raises:
        Damaged: it is not what `written` is the digest of.
    """
    if digest(body) != written:
        raise Damaged("stored bytes do not have their digest")
    return body
