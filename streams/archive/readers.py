"""A few connections to one file for reading, so that a slow question holds up nobody but itself."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import LifoQueue
from typing import Final

MANY: Final = 8  # of which those who follow what happens, and the metrics, need one each


class Readers:
    """So many connections of which each serves one question at a time; many threads may ask."""

    def __init__(self, connect: Callable[[], sqlite3.Connection], count: int) -> None:
        self._count = count
        self._free: LifoQueue[sqlite3.Connection] = LifoQueue()
        try:
            for _ in range(count):
                self._free.put(connect())
        except BaseException:
            while not self._free.empty():
                self._free.get().close()
            raise

    def close(self) -> None:
        """Let go of the file, once nobody reads; whoever asks later meets an error."""
        connections = [self._free.get() for _ in range(self._count)]
        for connection in connections:
            connection.close()
            self._free.put(connection)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Give a connection that sees the file as it is at its first question, until the block ends."""
        connection = self._free.get()
        try:
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
        finally:
            self._free.put(connection)
