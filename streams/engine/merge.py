"""Two rows of one table become one: row b is read into row a, kind by kind. Pure.

| kind | merged how |
|---|---|
| decayed sums | added, after moving both to the later `mark` (whole half-lives: powers of two, exact) |
| counts, totals | added |
| first, last | the earlier, the later |
| distinct days | added, less those that both rows' `day_bits` (31 days) have in common |
| panes of counts and amounts | added by the number of the pane, up to the newer of both rings |
| active days | either |
| answers, traits | the later one; of equal instants the answer of the higher tie, a's trait |
| seen sets, channels | united, each with its later day; of a full set the oldest days go |
| daily caps | of a later day that day's; of the same day added |
| clock, touched, first seen, last active | the later; first seen: the earlier |
| midnight scores | absent: nobody knew the merged score at those midnights |
| stages, alerts, follows, rhythm, log, what was sent, sequence | not merged: a's are kept |

Sessions and the signals that follows feed are added like any signal, though one history would have had
fewer of them where the two overlap. Points that a daily cap kept back stay back, and are not taken away.
Ids remembered for duplicates are not rows, and stay with the subject that they came under.
"""

import numpy as np

from streams.engine.ground import (
    CLOCK,
    DAY,
    DUE,
    FILLED,
    FIRST,
    HOUR,
    LAST_ACTIVE,
    LIVE,
    STATUS,
    TOUCHED,
    Ground,
)
from streams.engine.instants import DAY_MS, NONE
from streams.engine.kinds.flags import BITS, FULL
from streams.engine.kinds.seen import CAPACITY, CHANNELS
from streams.engine.kinds.signals import DAY_MASK, DAYS_KEPT
from streams.engine.kinds.sums import CAP_BITS, MOST_CAP
from streams.engine.layout import Column
from streams.engine.table import Table

MOST_IN_PANE = 65_535


def merge_rows(table: Table, survivor: int, absorbed: int) -> None:
    """Read row `absorbed` into row `survivor`; the absorbed row itself is left as it is.

    Rules are not evaluated: the survivor is due at its clock, where an evaluation makes good for it.

    Raises:
        ValueError: both are one row, or one of them is not live.
    """
    g = table.ground
    if survivor == absorbed or any(int(g.small[r, STATUS]) != LIVE for r in (survivor, absorbed)):
        raise ValueError("only two different live rows can be merged")
    a, b = survivor, absorbed
    columns = {column.name: column for column in table.layout.columns}
    _merge_sums(table, a, b)
    for column in table.layout.columns:
        kind, _, what = column.name.partition(":")
        if kind == "count":
            _merge_signal(g, columns, what, a, b)
        elif kind == "total":
            g.real[a, column.start] += g.real[b, column.start]
        elif kind == "answer":
            _merge_answer(g, columns, what, a, b)
        elif kind == "trait":
            _merge_trait(g, columns, what, a, b)
        elif kind == "seen_code":
            _merge_seen(g, column.start, columns[f"seen_day:{what}"].start, a, b)
        elif kind == "capped":
            _merge_caps(g, column, a, b)
        elif kind in {"ring", "amounts"}:
            _merge_ring(g, column, a, b)
        elif kind == "midnight":
            g.real[a, column.start : column.start + column.width] = np.nan
    _merge_active_days(g, columns["active_bits"], a, b)
    channels = slice(columns["channel_day"].start, columns["channel_day"].start + CHANNELS)
    g.small[a, channels] = np.maximum(g.small[a, channels], g.small[b, channels])
    _merge_instants(g, a, b)
    g.changed[a] = 1
    g.standing[a] = 0


def _merge_instants(g: Ground, a: int, b: int) -> None:
    """Take the later clocks and the newer panes; comes last, for the kinds read the old ones."""
    for column in (CLOCK, TOUCHED, LAST_ACTIVE):
        g.at[a, column] = max(g.at[a, column], g.at[b, column])
    g.at[a, FIRST] = min(g.at[a, FIRST], g.at[b, FIRST])
    for column in (DAY, HOUR):
        g.small[a, column] = max(g.small[a, column], g.small[b, column])
    g.small[a, FILLED] = g.at[a, CLOCK] // DAY_MS
    g.at[a, DUE] = g.at[a, CLOCK]


def _merge_sums(table: Table, a: int, b: int) -> None:
    """Move the sums of every half-life to the later mark of both rows, and add them."""
    g, p = table.ground, table.plan.named
    for h in range(p["half_lives"]):
        ours, theirs = int(g.at[a, p["mark"] + h]), int(g.at[b, p["mark"] + h])
        if theirs == NONE:
            continue
        mark = max(ours, theirs)
        first, end = p["half_sum"] + h, p["half_sum"] + h + 1
        for sum_id in g.ints[p["half_sum_id"] + g.ints[first] : p["half_sum_id"] + g.ints[end]]:
            column = p["sum"] + sum_id
            kept = 0.0 if ours == NONE else _moved(float(g.real[a, column]), mark - ours)
            g.real[a, column] = kept + _moved(float(g.real[b, column]), mark - theirs)
        g.at[a, p["mark"] + h] = mark


def _moved(value: float, half_lives: int) -> float:
    return value * 2.0 ** -min(half_lives, 2_000)


def _merge_signal(g: Ground, columns: dict[str, Column], signal: str, a: int, b: int) -> None:
    """Add counts, unite days, and take the first and the last."""
    count, days = columns[f"count:{signal}"].start, columns[f"days:{signal}"].start
    bits, first = columns[f"day_bits:{signal}"].start, columns[f"first:{signal}"].start
    last = columns[f"last:{signal}"].start
    if int(g.small[b, count]) == 0:
        return
    if int(g.small[a, count]) == 0:
        for matrix, column in (
            (g.small, count),
            (g.small, days),
            (g.small, bits),
            (g.at, first),
            (g.at, last),
        ):
            matrix[a, column] = matrix[b, column]
        return
    newest = max(int(g.at[a, last]), int(g.at[b, last]))
    aligned = [
        int(g.small[r, bits]) << min(newest // DAY_MS - int(g.at[r, last]) // DAY_MS, DAYS_KEPT)
        for r in (a, b)
    ]
    g.small[a, days] += int(g.small[b, days]) - (aligned[0] & aligned[1]).bit_count()
    g.small[a, bits] = (aligned[0] | aligned[1]) & DAY_MASK
    g.small[a, count] += g.small[b, count]
    g.at[a, first] = min(g.at[a, first], g.at[b, first])
    g.at[a, last] = newest


def _merge_ring(g: Ground, column: Column, a: int, b: int) -> None:
    """Add the panes of both rings under their numbers, from the newest pane of both backwards."""
    newest_of = HOUR if column.ring == "hour" else DAY
    newests = int(g.small[a, newest_of]), int(g.small[b, newest_of])
    matrix = g.pane if column.matrix == "pane" else g.real
    length, merged = column.width, [0.0] * column.width
    for pane in range(max(newests) - length + 1, max(newests) + 1):
        for row, newest in zip((a, b), newests, strict=True):
            if newest - length < pane <= newest:
                merged[pane % length] += float(matrix[row, column.start + pane % length])
    if column.matrix == "pane":
        merged = [min(count, MOST_IN_PANE) for count in merged]
    matrix[a, column.start : column.start + length] = merged


def _merge_active_days(g: Ground, column: Column, a: int, b: int) -> None:
    """Unite the active days; bit 0 of the first word is the newest day of its row."""
    newest = max(int(g.small[a, DAY]), int(g.small[b, DAY]))
    united = 0
    for row in (a, b):
        words = g.at[row, column.start : column.start + column.width].tolist()
        united |= sum(word << BITS * w for w, word in enumerate(words)) << newest - int(g.small[row, DAY])
    for w in range(column.width):
        g.at[a, column.start + w] = united >> BITS * w & FULL


def _merge_answer(g: Ground, columns: dict[str, Column], question: str, a: int, b: int) -> None:
    at, tie = columns[f"answer_at:{question}"].start, columns[f"answer_tie:{question}"].start
    if (int(g.at[b, at]), int(g.at[b, tie])) > (int(g.at[a, at]), int(g.at[a, tie])):
        g.at[a, at], g.at[a, tie] = g.at[b, at], g.at[b, tie]
        value = columns[f"answer:{question}"].start
        g.real[a, value] = g.real[b, value]


def _merge_trait(g: Ground, columns: dict[str, Column], trait: str, a: int, b: int) -> None:
    at, code = columns[f"trait_at:{trait}"].start, columns[f"trait_code:{trait}"].start
    if g.at[b, at] > g.at[a, at]:
        g.at[a, at], g.small[a, code] = g.at[b, at], g.small[b, code]
        value = columns[f"trait:{trait}"].start
        g.real[a, value] = g.real[b, value]


def _merge_seen(g: Ground, codes: int, days: int, a: int, b: int) -> None:
    """Unite two sets; over capacity the oldest days go, among equals the lowest codes."""
    found: dict[int, int] = {}
    for row in (a, b):
        for i in range(CAPACITY):
            code, day = int(g.small[row, codes + i]), int(g.small[row, days + i])
            if code != 0:
                found[code] = max(day, found.get(code, day))
    kept = sorted(found.items(), key=lambda item: (item[1], item[0]))[-CAPACITY:]
    for i, (code, day) in enumerate(kept):
        g.small[a, codes + i], g.small[a, days + i] = code, day


def _merge_caps(g: Ground, column: Column, a: int, b: int) -> None:
    """Take the later day of each place; on the same day add how often points were given."""
    for place in range(column.start, column.start + column.width):
        ours, theirs = int(g.small[a, place]), int(g.small[b, place])
        if theirs >> CAP_BITS > ours >> CAP_BITS:
            g.small[a, place] = theirs
        elif theirs >> CAP_BITS == ours >> CAP_BITS:
            day = ours - (ours & MOST_CAP)
            g.small[a, place] = day + min((ours & MOST_CAP) + (theirs & MOST_CAP), MOST_CAP)
