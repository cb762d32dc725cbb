"""Outputs that were there before: workers without transactions may write some twice, close to each other."""

import sqlite3
from collections import OrderedDict
from typing import Final

import msgspec

from schemas.dead_letter import DeadLetter, LateTouchpoint
from streams import topics
from streams.archive.tables import TOLD

REMEMBERED: Final = 50_000  # of each topic; a worker that is started again repeats what one flush held
_SEEDED: Final = 10_000


class _Identified(msgspec.Struct):
    id: str


class Repeats:
    """What the last outputs of each topic were, so that one that comes again is known."""

    def __init__(self) -> None:
        self._seen: dict[str, OrderedDict[bytes, None]] = {}

    def recall(self, connection: sqlite3.Connection) -> None:
        """Take in the newest outputs that are in the tables: whoever wrote them may repeat them now."""
        self._seen.clear()
        for topic, table in TOLD.items():
            values = connection.execute(
                f"SELECT value FROM {table} ORDER BY sequence DESC LIMIT ?", (_SEEDED,)
            ).fetchall()
            for (value,) in reversed(values):
                self.is_new(topic, _identity(topic, value))

    def is_new(self, topic: str, identity: bytes) -> bool:
        """Return whether an output was not there lately, and remember it."""
        seen = self._seen.setdefault(topic, OrderedDict())
        if identity in seen:
            return False
        seen[identity] = None
        if len(seen) > REMEMBERED:
            seen.popitem(last=False)
        return True

    def forget(self, topic: str) -> None:
        """Know nothing of a topic any more."""
        self._seen.pop(topic, None)


def origin(each: LateTouchpoint | DeadLetter) -> bytes:
    """Return what tells a late touchpoint or a dead letter from others: where its record stands."""
    return f"{each.source_topic} {each.source_partition} {each.source_offset}".encode()


_id: Final = msgspec.json.Decoder(_Identified).decode
_late: Final = msgspec.json.Decoder(LateTouchpoint).decode
_letter: Final = msgspec.json.Decoder(DeadLetter).decode


def _identity(topic: str, value: bytes) -> bytes:
    if topic == topics.LATE.name:
        return origin(_late(value))
    if topic == topics.DEAD_LETTERS.name:
        return origin(_letter(value))
    return _id(value).id.encode()
