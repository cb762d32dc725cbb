"""Ids remembered per customer within grace: the first touchpoint with an id wins.

An open-addressing table of 128-bit keys (customer and message id). An id is kept while its timestamp is
at or above its customer's clock minus grace; older ones are late anyway. Beyond the cap the oldest
eighth is forgotten: by timestamps only, so chunks and restarts do not matter.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from streams.engine.compiled import IntPlane, compiled, entry
from streams.engine.ground import CLOCK, IDS, IDS_CAP, IDS_EVICTED, Ground
from streams.engine.instants import NONE

NEW: Final = 0
SAME: Final = 1
CONFLICT: Final = 2


@compiled
def place_of(g: Ground, key: int, other: int) -> int:
    """Return the place of a key, or the free place where it belongs."""
    mask = g.id_at.shape[0] - 1
    place = key & mask
    while g.id_at[place] != NONE:
        if g.id_key[place, 0] == key and g.id_key[place, 1] == other:
            return int(place)
        place = (place + 1) & mask
    return int(place)


@compiled
def is_kept(g: Ground, place: int) -> bool:
    """Return whether the id at `place` still matters: a touchpoint with its timestamp would not be late."""
    return bool(g.id_at[place] >= g.at[g.id_row[place], CLOCK] - g.p.grace)


def matter(at: NDArray[np.int64], rows: NDArray[np.int32], g: Ground) -> NDArray[np.bool_]:
    """As `is_kept`, for ids with these timestamps and rows, wherever they stand."""
    kept: NDArray[np.bool_] = at >= g.at[rows, CLOCK] - g.p.grace
    return kept


@compiled
def forget(g: Ground, cutoff: int) -> None:
    """Rebuild the table without ids that no longer matter and those with a timestamp up to `cutoff`."""
    n = 0
    places = np.empty(g.cursor[IDS], np.int64)
    for place in range(g.id_at.shape[0]):
        if g.id_at[place] == NONE or not is_kept(g, place):
            continue
        if g.id_at[place] > cutoff:
            places[n] = place
            n += 1
        else:
            g.cursor[IDS_EVICTED] += 1
    keys, at = np.empty((n, 2), np.int64), np.empty(n, np.int64)
    rows, contents = np.empty(n, np.int32), np.empty(n, np.uint32)
    for i in range(n):
        place = places[i]
        keys[i, 0], keys[i, 1], at[i] = g.id_key[place, 0], g.id_key[place, 1], g.id_at[place]
        rows[i], contents[i] = g.id_row[place], g.id_content[place]
    for place in range(g.id_at.shape[0]):
        g.id_at[place] = NONE
    g.cursor[IDS] = 0
    for i in range(n):
        insert(g, keys[i, 0], keys[i, 1], at[i], rows[i], contents[i])


@compiled
def insert(g: Ground, key: int, other: int, at: int, row: int, content: int) -> None:
    """Remember an id; a known key is overwritten."""
    place = place_of(g, key, other)
    if g.id_at[place] == NONE:
        g.cursor[IDS] += 1
    g.id_key[place, 0] = key
    g.id_key[place, 1] = other
    g.id_at[place] = at
    g.id_row[place] = row
    g.id_content[place] = content


@compiled
def make_room(g: Ground) -> None:
    """Keep the number of ids under the cap: drop what no longer matters, then the oldest eighth."""
    if g.cursor[IDS] < g.cursor[IDS_CAP]:
        return
    forget(g, NONE)
    if g.cursor[IDS] < g.cursor[IDS_CAP]:
        return
    at = np.empty(g.cursor[IDS], np.int64)
    n = 0
    for place in range(g.id_at.shape[0]):
        if g.id_at[place] != NONE:
            at[n] = g.id_at[place]
            n += 1
    at.sort()
    forget(g, int(at[n // 8]))


@compiled
def remember(g: Ground, key: int, other: int, at: int, row: int, content: int) -> int:
    """Remember a touchpoint's id; return NEW, or SAME or CONFLICT when it is known (and nothing changes)."""
    place = place_of(g, key, other)
    if g.id_at[place] != NONE and is_kept(g, place):
        return SAME if g.id_content[place] == content else CONFLICT
    make_room(g)
    insert(g, key, other, at, row, content)
    return NEW


@entry
def insert_all(
    g: Ground, keys: IntPlane, at: NDArray[np.int64], rows: NDArray[np.int32], contents: NDArray[np.uint32]
) -> None:
    """Put stored ids back, without any of the checks."""
    for i in range(at.shape[0]):
        insert(g, keys[i, 0], keys[i, 1], int(at[i]), int(rows[i]), int(contents[i]))
