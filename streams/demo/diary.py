"""What the view remembers of the past: stages a day ago, a score day by day, and a readable feed."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Generic, TypeVar

from schemas.views import PartitionKpis

DAY_MS: Final = 86_400_000
KEPT_DAYS: Final = 90
_BEFORE_A_TURN: Final = 4

Item = TypeVar("Item")


class Diary:
    """Population figures of the last day, and the mean of one score at the end of every day."""

    def __init__(self, score: str | None) -> None:
        self._score = score
        self._stages: deque[tuple[int, dict[str, dict[str, int]]]] = deque()
        self._means: deque[tuple[int, float]] = deque(maxlen=KEPT_DAYS)

    def note(self, kpis: PartitionKpis, now_ms: int) -> None:
        """Write down the figures as of `now_ms` (epoch ms, never earlier than the last note)."""
        self._stages.append((now_ms, kpis.stages))
        while len(self._stages) > 1 and self._stages[1][0] <= now_ms - DAY_MS:
            self._stages.popleft()
        figures = kpis.scores.get(self._score) if self._score is not None else None
        if figures is None or not figures.customers:
            return
        day = now_ms // DAY_MS
        if self._means and self._means[-1][0] == day:
            self._means.pop()
        self._means.append((day, figures.sum / figures.customers))

    def a_day_ago(self, framework: str) -> dict[str, int] | None:
        """Return customers per stage a day before the last note; None when the diary is younger."""
        if not self._stages or self._stages[0][0] > self._stages[-1][0] - DAY_MS:
            return None
        return self._stages[0][1].get(framework, {})

    def means(self) -> tuple[float, ...]:
        """Return the mean of the score day by day, the present day last."""
        return tuple(mean for _, mean in self._means)


class Feed(Generic[Item]):
    """A few of many happenings, so slowly that one can read them; kinds take turns.

    `kind` says what counts as the same sort of thing. What was not shown for longest goes first.
    """

    def __init__(self, kind: Callable[[Item], str], *, kept: int = 60) -> None:
        self._kind = kind
        self._turns = 0
        self._last_turn: dict[str, int] = {}
        self._offered: list[Item] = []
        self._shown: deque[Item] = deque(maxlen=kept)

    def begin(self, items: Sequence[Item]) -> None:
        """Show some of what happened before, newest first in `items`, so that the list is not empty."""
        for end in range(len(items), 0, -_BEFORE_A_TURN):
            self.offer(items[max(end - _BEFORE_A_TURN, 0) : end])
            self.turn()

    def offer(self, items: Iterable[Item]) -> None:
        """Say what has happened since the last turn."""
        self._offered.extend(items)

    def turn(self) -> None:
        """Show one more of what was offered, and forget the others."""
        if not self._offered:
            return
        chosen = min(self._offered, key=lambda item: self._last_turn.get(self._kind(item), 0))
        self._turns += 1
        self._last_turn[self._kind(chosen)] = self._turns
        self._shown.appendleft(chosen)
        self._offered.clear()

    def shown(self) -> tuple[Item, ...]:
        """Return what is shown, newest first."""
        return tuple(self._shown)
