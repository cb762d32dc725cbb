"""The changelog: a chain of flushes as records of a compacted topic, and back.

A flush is cut into parts under the size of a batch, `flush/<number>/<part>/<parts>`, and one record,
`head`, says how far it reaches. When a flush carries what still lives of older ones, it empties their
parts (a record without a value), and compaction removes them. So a take-over reads about twice the live
state, and each part of it once, whatever was written before.

The head also says which records belong to the state: the numbers of the flushes, the input topic and its
partition, the last record read. So a changelog with holes, or one of another topic, is not taken for a state.
"""

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import msgspec
import xxhash

from streams.runtime.compaction import Stored
from streams.runtime.kafka.errors import StateError
from streams.runtime.record import Flush, Record

HEAD_KEY: Final = b"head"
VERSION: Final = 1

Row = tuple[bytes, bytes | None]  # key and value of a changelog record


class LastRead(msgspec.Struct, frozen=True, array_like=True):
    """The last record of the input that the state includes, to know it again."""

    offset: int
    appended_ms: int
    digest: int  # xxh3-64 of the value

    @classmethod
    def of(cls, record: Record) -> "LastRead":
        """Return what tells a record from another one at its offset."""
        return cls(record.offset, record.appended_ms, xxhash.xxh3_64_intdigest(record.value))


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What a flush says about itself and the state that it completes."""

    version: int = VERSION
    number: int
    oldest: int  # the first flush that still counts; all from there to `number` make the state
    position: int
    topic: str
    partition: int
    partitions: int
    committed: int = 0  # what the group had committed, as far as this owner knew
    last_read: LastRead | None = None


class Link(NamedTuple):
    """A flush in the changelog: number, size in bytes, parts."""

    number: int
    size: int
    parts: int


class Chain:
    """The flushes that make the state, ascending; and parts of a flush that was never completed."""

    def __init__(self, links: Iterable[Link] = (), leftovers: Iterable[bytes] = ()) -> None:
        self.links = list(links)
        self.leftovers = list(leftovers)  # keys; there are none where flushes are transactions

    @property
    def last(self) -> int:
        """Return the number of the newest flush, 0 for none."""
        return self.links[-1].number if self.links else 0

    def stored(self) -> list[Stored]:
        """Return the chain as compaction plans with it."""
        return [Stored(link.number, link.size) for link in self.links]

    def rows(self, flush: Flush, head: Head, *, part_bytes: int) -> list[Row]:
        """Return the records that add `flush` and empty the parts of flushes below `head.oldest`.

        Without transactions a crash may fall between any two of them: what the old head needs is emptied
        after the new one is written, and leftovers before it, which then cannot be taken for the flush.
        """
        parts = [flush.body[at : at + part_bytes] for at in range(0, len(flush.body), part_bytes)]
        rows: list[Row] = [
            (_part_key(flush.number, part, len(parts)), body) for part, body in enumerate(parts)
        ]
        written = {key for key, _ in rows}
        rows += [(key, None) for key in self.leftovers if key not in written]
        rows.append((HEAD_KEY, msgspec.json.encode(head)))
        for link in self.links:
            if link.number < head.oldest:
                rows += [(_part_key(link.number, part, link.parts), None) for part in range(link.parts)]
        return rows

    def after(self, flush: Flush, head: Head, *, part_bytes: int) -> "Chain":
        """Return the chain once those records are written."""
        parts = -(-len(flush.body) // part_bytes)
        kept = [link for link in self.links if link.number >= head.oldest]
        return Chain([*kept, Link(flush.number, len(flush.body), parts)])


class State(NamedTuple):
    """What a changelog holds: no head in an empty one; the flushes' bodies, ascending, are given once."""

    head: Head | None
    chain: Chain
    bodies: Iterator[bytes]


class Assembly:
    """Gathers the records of a changelog, in order, and puts the flushes together."""

    def __init__(self, name: str) -> None:
        self.name = name  # for messages: topic and partition
        self.records = 0
        self._head: Head | None = None
        self._parts: dict[tuple[int, int], dict[int, bytes]] = {}

    def add(self, rows: Iterable[Row]) -> None:
        """Take in records.

        Raises:
            StateError: a record is none of Rapport's, or of a newer version.
        """
        for key, value in rows:
            self.records += 1
            if key == HEAD_KEY:
                self._head = self._read_head(value or b"")
                continue
            number, part, parts = self._read_key(key)
            if value is None:
                self._parts.get((number, parts), {}).pop(part, None)
            else:
                self._parts.setdefault((number, parts), {})[part] = value

    def state(self) -> "State":
        """Return what the changelog holds.

        Raises:
            StateError: flushes that belong to the state are not there.
        """
        head = self._head
        numbers = range(head.oldest, head.number + 1) if head else range(0)
        whole = {key[0]: key for key, parts in self._parts.items() if len(parts) == key[1]}
        missing = [number for number in numbers if number not in whole]
        if missing:
            raise self._damaged(f"flush {missing[0]} of {numbers[0]} to {numbers[-1]} is not there")
        keys = [whole[number] for number in numbers]
        leftovers = [
            _part_key(key[0], part, key[1])
            for key in self._parts
            if key not in keys
            for part in self._parts[key]
        ]
        links = [Link(key[0], sum(map(len, self._parts[key].values())), key[1]) for key in keys]
        return State(head, Chain(links, leftovers), (self._body(key) for key in keys))

    def _body(self, key: tuple[int, int]) -> bytes:
        parts = self._parts.pop(key)
        return b"".join(parts[part] for part in range(key[1]))

    def _read_head(self, value: bytes) -> Head:
        try:
            head = msgspec.json.decode(value, type=Head)
        except msgspec.DecodeError as error:
            raise self._damaged(f"its head cannot be read: {error}") from error
        if head.version > VERSION:
            raise StateError(
                f"{self.name} was written by a newer Rapport (version {head.version}, and this one reads "
                f"{VERSION}): run that version, or a newer one"
            )
        return head

    def _read_key(self, key: bytes) -> tuple[int, int, int]:
        try:
            word, number, part, parts = key.split(b"/")
            if word == b"flush":
                return int(number), int(part), int(parts)
        except ValueError:
            pass
        raise self._damaged(f"it holds a record that is not Rapport's (key {key[:40]!r})")

    def _damaged(self, what: str) -> StateError:
        return StateError(
            f"{self.name} is not a whole state: {what}. Records were deleted (retention, or a cleanup.policy "
            "other than compact), or something else wrote to it. Either restore it, or build the state anew, "
            "under another `app`, from the touchpoints that are still there"
        )


def _part_key(number: int, part: int, parts: int) -> bytes:
    return b"flush/%d/%d/%d" % (number, part, parts)
