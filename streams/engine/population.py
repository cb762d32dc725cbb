"""Figures about who customers are now, as scans of columns at an instant."""

import numpy as np
from numpy.typing import NDArray

from streams.engine import readings
from streams.engine.compiled import entry
from streams.engine.ground import DAY, Ground
from streams.engine.kinds import flags


@entry
def active(g: Ground, rows: NDArray[np.int64], today: int, days: int) -> int:
    """Return how many of the rows were active on any of the last `days` UTC days, `today` included."""
    found = 0
    for i in range(rows.shape[0]):
        newest = int(g.small[rows[i], DAY])
        for day in range(min(newest, today), max(today - days, newest - g.p.active_days), -1):
            if flags.is_set(g, int(rows[i]), day):
                found += 1
                break
    return found


@entry
def scores(g: Ground, rows: NDArray[np.int64], t: int, count: int) -> NDArray[np.float64]:
    """Return the scores of the rows at instant `t`, a line a row; nan where a score is absent."""
    found = np.zeros((rows.shape[0], count))
    for i in range(rows.shape[0]):
        readings.read(g, int(rows[i]), t)
        for k in range(count):
            found[i, k] = g.work[g.p.work_value + g.p.dimensions + k]
    return found
