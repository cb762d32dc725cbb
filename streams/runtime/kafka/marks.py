"""How far dead letters have been sent again, for each reason. Pure.

Kept as what a group has committed for each partition of the dead letters: the offset below which all are
done, and in its metadata the offsets of reasons that are further.
"""

from collections.abc import Mapping

import msgspec

from streams.runtime.kafka.administration import Committed


class Marks:
    """Up to where the letters of one partition are done. A letter at the mark itself is not."""

    def __init__(self, floor: int = 0, ahead: Mapping[str, int] | None = None) -> None:
        self.floor = floor
        self.ahead = dict(ahead or {})

    @classmethod
    def of(cls, committed: Committed | None) -> "Marks":
        """Return what was kept; whatever is none of ours in the metadata means that no reason is further."""
        if committed is None or committed.offset < 0:
            return cls()
        try:
            ahead = msgspec.json.decode(committed.metadata, type=dict[str, int]) if committed.metadata else {}
        except msgspec.DecodeError:
            ahead = {}
        return cls(committed.offset, ahead)

    def kept(self) -> Committed:
        """Return what to commit."""
        ahead = {reason: offset for reason, offset in self.ahead.items() if offset > self.floor}
        return Committed(self.floor, msgspec.json.encode(ahead).decode() if ahead else "")

    def start(self, reason: str | None) -> int:
        """Return the offset from which letters of a reason, or of all, may be undone."""
        return self.floor if reason is None else max(self.floor, self.ahead.get(reason, 0))

    def done(self, reason: str, offset: int) -> bool:
        """Return whether a letter was dealt with before."""
        return offset < max(self.floor, self.ahead.get(reason, 0))

    def move(self, reason: str | None, offset: int) -> None:
        """Note that all letters below `offset` of a reason, or of all, are dealt with."""
        if reason is None:
            self.floor = max(self.floor, offset)
        else:
            self.ahead[reason] = max(self.start(reason), offset)
