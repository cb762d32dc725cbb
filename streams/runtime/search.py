"""Customers found by id, stage and score, in the order of their ids, a stretch of the ids at a time. Pure."""

from bisect import bisect_left, bisect_right, insort
from typing import TYPE_CHECKING

import msgspec
import numpy as np
from numpy.typing import NDArray

from schemas.instants import instant
from schemas.pages import CustomerLine
from streams.engine import ground
from streams.runtime.kpis import scores_of
from streams.runtime.view import RowReader

if TYPE_CHECKING:
    from streams.runtime.lane import Lane

STRETCH = 4_096  # ids looked at in one call
FEW_SHARE = 1_000  # so few new ids among the known ones are put into their places one by one


class CustomerQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which customers to list: ids that begin with `prefix` and come after `after`, at most `limit`.

    framework and stage go together. score: at least `low`, at most `high`; who has none is left out.
    """

    prefix: str = ""
    framework: str | None = None
    stage: str | None = None
    score: str | None = None
    low: float | None = None
    high: float | None = None
    after: str | None = None
    limit: int = 100


class UnknownName(Exception):
    """The query names a framework, stage or score that the model does not have."""


class Found(msgspec.Struct, frozen=True):
    """Customers of a stretch; `last` is the id to go on after, None at the end."""

    customers: list[CustomerLine]
    last: str | None


class IdOrder:
    """The ids of a lane in their order; kept up with the lane as rows are added."""

    def __init__(self) -> None:
        self.ids: list[str] = []
        self._rows = 1  # row 0 belongs to nobody

    def keep_up(self, lane: "Lane") -> None:
        """Take in the rows that are new."""
        new = lane.table.names[self._rows :]
        self._rows = lane.table.rows
        if len(new) * FEW_SHARE < len(self.ids):
            for name in new:
                insort(self.ids, name)
        elif new:
            self.ids += new
            self.ids.sort()  # quick, where most is in order already


def find(lane: "Lane", order: IdOrder, query: CustomerQuery, at_ms: int) -> Found:
    """Return the next customers of a query that are among the next ids, as of `at_ms`.

    Raises:
        UnknownName: the model has no such framework, stage or score.
    """
    chosen = _Chosen(lane, query)
    order.keep_up(lane)
    start = bisect_left(order.ids, query.prefix)
    if query.after is not None:
        start = max(start, bisect_right(order.ids, query.after))
    stretch = order.ids[start : start + STRETCH]
    ended = len(stretch) < STRETCH
    if query.prefix and stretch and not stretch[-1].startswith(query.prefix):
        length = len(query.prefix)
        stretch = stretch[: bisect_right(stretch, query.prefix, key=lambda name: name[:length])]
        ended = True
    if not stretch:
        return Found([], None)
    rows = np.fromiter(map(lane.table.index.__getitem__, stretch), np.int64, len(stretch))
    places = np.flatnonzero(chosen.matches(rows, at_ms))
    shown = places[: query.limit].tolist()
    customers = [_line(lane, int(rows[place]), at_ms) for place in shown]
    if len(places) > query.limit:
        return Found(customers, stretch[shown[-1]])
    return Found(customers, None if ended else stretch[-1])


class _Chosen:
    """Whether rows match a query, many at a time."""

    def __init__(self, lane: "Lane", query: CustomerQuery) -> None:
        self.lane, self.query = lane, query
        names = lane.compiled.names
        self.framework = _place(names.frameworks, query.framework, "framework")
        stages = names.stages[query.framework] if query.framework is not None else ()
        self.stage = _place(stages, query.stage, "stage")
        self.score = _place(names.scores, query.score, "score")

    def matches(self, rows: NDArray[np.int64], at_ms: int) -> NDArray[np.bool_]:
        """Return for each row whether it is live and matches at an instant."""
        g, p = self.lane.table.ground, self.lane.compiled.plan.named
        found: NDArray[np.bool_] = g.small[rows, ground.STATUS] == ground.LIVE
        if self.framework is not None and self.stage is not None:
            if self.lane.compiled.model.frameworks[self.framework].kind == "flags":
                found &= (g.at[rows, p["held"] + self.framework] >> self.stage & 1) != 0
            else:
                found &= g.small[rows, p["stage"] + self.framework] == self.stage + 1
        if self.score is not None:
            places = np.flatnonzero(found)
            values = scores_of(self.lane, rows[places], at_ms)[:, self.score]
            with np.errstate(invalid="ignore"):  # absent ones compare as false
                found[places] = (values >= _or(self.query.low, -np.inf)) & (
                    values <= _or(self.query.high, np.inf)
                )
        return found


def _line(lane: "Lane", row: int, at_ms: int) -> CustomerLine:
    reader = RowReader(lane, row, at_ms)
    return CustomerLine(
        customer_id=lane.table.names[row],
        as_of=instant(reader.at_ms),
        scores=reader.scores(),
        levels=reader.levels(),
        stages=reader.stages(),
    )


def _place(names: "tuple[str, ...] | list[str]", name: str | None, kind: str) -> int | None:
    if name is None:
        return None
    if name not in names:
        raise UnknownName(f"there is no {kind} {name!r}; there are: {', '.join(names) or 'none'}")
    return list(names).index(name)


def _or(value: float | None, otherwise: float) -> float:
    return otherwise if value is None else value
