"""Where the output topics are read on: decided from what the file says and what the broker says. Pure."""

from collections.abc import Mapping
from typing import NamedTuple

from streams.materialised.arrival import Place


class Resumption(NamedTuple):
    """Where each partition is read on.

    shorter: topics that end before what was read of them, so they are others: they are read from their
    beginning. missed: offsets that are gone unread.
    """

    positions: dict[Place, int]
    shorter: set[str]
    missed: dict[Place, int]


def resume(
    begins: Mapping[Place, int],
    ends: Mapping[Place, int],
    stored: Mapping[Place, int],
    recent: Mapping[Place, int],
) -> Resumption:
    """Return where to read on. stored: by the file; recent: where to begin if not at the beginning."""
    shorter = {place[0] for place in begins if stored.get(place, 0) > ends[place]}
    positions, missed = {}, {}
    for place, begin in begins.items():
        known = None if place[0] in shorter else stored.get(place)
        positions[place] = max(begin, recent.get(place, begin) if known is None else known)
        if known is not None and known < begin:
            missed[place] = begin - known
    return Resumption(positions, shorter, missed)
