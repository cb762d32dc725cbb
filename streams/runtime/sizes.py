"""How large a partition's state is in memory, and how many of its timers are due. Pure."""

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from streams.engine import ground

if TYPE_CHECKING:
    from streams.runtime.lane import Lane
    from streams.runtime.processor import Processor


class Sizes(msgspec.Struct, frozen=True, kw_only=True):
    """Rows and bytes by kind of subject, message ids that find duplicates, and rows that are due.

    `bytes` are what rows and ids take, without names and index. An id is evicted early when it had to go
    while a repeat of it was still possible.
    """

    rows: dict[str, int]
    bytes: dict[str, int]
    ids_remembered: int
    ids_evicted_early: int
    timers_due: int


def sizes_of(processor: "Processor", now_ms: int) -> Sizes:
    """Return the sizes now; a row is due when a tick of instant `now_ms` would look at it."""
    lanes = processor.lanes.values()
    cursors = [lane.table.ground.cursor for lane in lanes]
    until_ms = now_ms - processor.model.settings.timer_grace_ms
    return Sizes(
        rows={lane.subject: lane.table.rows - 1 for lane in lanes},
        bytes={lane.subject: _bytes(lane) for lane in lanes},
        ids_remembered=sum(int(cursor[ground.IDS]) for cursor in cursors),
        ids_evicted_early=sum(int(cursor[ground.IDS_EVICTED]) for cursor in cursors),
        timers_due=sum(_due(lane, until_ms) for lane in lanes),
    )


def _bytes(lane: "Lane") -> int:
    g = lane.table.ground
    ids = (g.id_key, g.id_at, g.id_row, g.id_content)
    return lane.table.rows * lane.table.row_bytes + sum(column.nbytes for column in ids)


def _due(lane: "Lane", until_ms: int) -> int:
    g, rows = lane.table.ground, lane.table.rows
    live = g.small[1:rows, ground.STATUS] == ground.LIVE
    return int(np.count_nonzero(live & (g.at[1:rows, ground.DUE] <= until_ms)))
