"""Which flush holds which message ids: those that still matter outlive a flush that is dropped. Pure."""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from streams.engine import duplicates
from streams.engine.ground import IDS_EVICTED, Ground
from streams.engine.instants import NONE
from streams.engine.table import Table

FEW: Final = 65_536  # so many are kept without a look

# Keys, timestamps, rows and contents.
Ids = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int32], NDArray[np.uint32]]


class KeptIds:
    """The ids of a lane by the flush that holds them; those that no longer matter may be missing."""

    def __init__(self) -> None:
        self._flushes: list[tuple[int, Ids]] = []
        self._sifted = 0  # how many were left when it was last looked what no longer matters
        self._evicted = 0  # ids forgotten before their time, as of the last flush

    def __len__(self) -> int:
        """Return how many there are."""
        return sum(len(ids[1]) for _, ids in self._flushes)

    def flush(self, number: int, new: list[Ids], carry_before: int, g: Ground) -> Ids:
        """Return the ids of flush `number`: new ones, and those of dropped flushes that still matter."""
        carried: list[Ids] = []
        dropped = [ids for written, ids in self._flushes if written < carry_before]
        if dropped:
            self._flushes = [(written, ids) for written, ids in self._flushes if written >= carry_before]
            newer = _joined([*self._all(), *new])[0][:, 0]
            carried = [_among(ids, _matter(ids, g) & ~np.isin(ids[0][:, 0], newer)) for ids in dropped]
        ids = _joined([*carried, *new])
        self.add(number, ids)
        if len(self) >= max(2 * self._sifted, FEW):
            self._sift(g)
        return ids

    def add(self, number: int, ids: Ids) -> None:
        """Note that flush `number` holds `ids`."""
        if len(ids[1]):
            self._flushes.append((number, ids))

    def forget_evicted(self, new: list[Ids], g: Ground) -> tuple[list[Ids], NDArray[np.int64]]:
        """Drop ids that the kernel had no room for; return the rest of `new`, and keys of earlier flushes."""
        evicted = int(g.cursor[IDS_EVICTED])
        if evicted == self._evicted:
            return new, np.zeros(0, np.int64)
        self._evicted = evicted
        present = g.id_key[g.id_at != NONE, 0]
        earlier = _joined(self._all())[0][:, 0]
        gone = np.unique(earlier[~np.isin(earlier, present)])
        self.forget(gone)
        return [_among(ids, np.isin(ids[0][:, 0], present)) for ids in new], gone

    def forget(self, gone: NDArray[np.int64]) -> None:
        """Drop the ids with these keys."""
        if len(gone):
            self._keep(lambda ids: ~np.isin(ids[0][:, 0], gone))

    def remember(self, table: Table) -> None:
        """Let a table remember the ids of all flushes that still matter, no more than fit."""
        self._sift(table.ground)
        ids = _joined(self._all())
        if len(ids[1]) > table.ids_cap:  # there was more room when they were stored
            ids = _among(ids, ids[1] > np.sort(ids[1])[-table.ids_cap - 1])
        table.reserve_ids(len(ids[1]))
        duplicates.insert_all(table.ground, *ids)

    def _sift(self, g: Ground) -> None:
        """Leave out what no longer matters."""
        self._keep(lambda ids: _matter(ids, g))
        self._sifted = len(self)

    def _keep(self, kept: Callable[[Ids], NDArray[np.bool_]]) -> None:
        """Drop the ids of which `kept` says no."""
        flushes, self._flushes = self._flushes, []
        for number, ids in flushes:
            self.add(number, _among(ids, kept(ids)))

    def _all(self) -> list[Ids]:
        return [ids for _, ids in self._flushes]


def _matter(ids: Ids, g: Ground) -> NDArray[np.bool_]:
    """Return which ids still matter: one that does not never will again, since clocks only go on."""
    return duplicates.matter(ids[1], ids[2], g)


def _among(ids: Ids, kept: NDArray[np.bool_]) -> Ids:
    keys, at, rows, contents = ids
    return keys[kept], at[kept], rows[kept], contents[kept]


def _joined(parts: list[Ids]) -> Ids:
    nothing = (
        np.zeros((0, 2), np.int64),
        np.zeros(0, np.int64),
        np.zeros(0, np.int32),
        np.zeros(0, np.uint32),
    )
    keys, at, rows, contents = zip(nothing, *parts, strict=True)
    return np.concatenate(keys), np.concatenate(at), np.concatenate(rows), np.concatenate(contents)
