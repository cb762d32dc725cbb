"""Files of an older version, brought up to this one when the process that writes them opens them."""

import sqlite3
from typing import Final

import msgspec

from schemas.outputs import AlertRaised, AlertResolved, StageChanged
from streams.archive import outputs, tables
from streams.runtime.embedded.inputs import Damaged

_AT_ONCE: Final = 5_000
_decode: Final = msgspec.json.Decoder(StageChanged | AlertRaised | AlertResolved).decode


def bring_up(connection: sqlite3.Connection, version: int) -> None:
    """Add the tables of the second version, and count what the first one holds; all or nothing.

    An older Rapport refuses the file from then on.

    Raises:
        Damaged: what was told cannot be read.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statement in (*tables.SECOND_TABLES.values(), *tables.SECOND_INDEXES):
            connection.execute(statement)
        for table in ("transitions", "alerts"):
            _count(connection, table)
        connection.execute(f"PRAGMA user_version = {version}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # a full disk may have ended it already
            connection.execute("ROLLBACK")
        raise


def _count(connection: sqlite3.Connection, table: str) -> None:
    sequence = 0
    while True:
        stored = connection.execute(
            f"SELECT sequence, written_ms, value FROM {table} WHERE sequence > ? ORDER BY sequence LIMIT ?",
            (sequence, _AT_ONCE),
        ).fetchall()
        if not stored:
            return
        for number, written_ms, value in stored:
            try:
                told = _decode(value)
            except msgspec.DecodeError as error:
                raise Damaged(f"number {number} of {table} cannot be read: {error}") from error
            outputs.count(connection, [outputs.told_row(told, value)], written_ms=written_ms)
            sequence = number
