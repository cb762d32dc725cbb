"""One life: from wake to wake, a visit at a time, each drawn from a seed of its own."""

from datetime import UTC, datetime
from itertools import accumulate
from random import Random
from typing import Final, NamedTuple

import orjson

from schemas.instants import instant, milliseconds
from streams.demo.acts import ACTS, Act, Value, properties
from streams.demo.people import Person, derived, person
from streams.demo.stories import GIFT_DAYS, STORIES, Phase

SECOND_MS: Final = 1_000
HOUR_MS: Final = 3_600_000
DAY_MS: Final = 86_400_000
WEEK_MS: Final = 7 * DAY_MS
WITHOUT_END: Final = 1 << 62

Moment = tuple[int, bytes]  # an instant (epoch ms) and the touchpoint as JSON
Body = dict[str, Value | datetime | dict[str, Value] | dict[str, str]]


class _Visit(NamedTuple):
    """A session of the stories, made ready for drawing: acts with cumulated weights."""

    acts: list[str]
    chances: list[float]
    fewest: int
    spread: int
    last: tuple[str, ...]


class Life:
    """How far one person's story has come.

    `wakes_ms` is when something happens next (None: the story is over), `left` how many touchpoints
    may still come. It keeps only a few numbers, so hundreds of thousands of lives fit into memory.
    """

    __slots__ = (
        "_endless",
        "_ends_ms",
        "_index",
        "_opened",
        "_opens_ms",
        "_person",
        "_phase",
        "_seed",
        "_step",
        "_told",
        "left",
        "wakes_ms",
    )

    def __init__(
        self, *, index: int, seed: int, born_ms: int, left: int = WITHOUT_END, endless: bool = False
    ) -> None:
        """Start the story of person `index` at `born_ms`; an `endless` one that ends starts again."""
        self.wakes_ms: int | None = born_ms
        self.left = left
        self._endless = endless
        self._index = index
        self._seed = seed
        self._person: Person | None = None
        self._phase = 0
        self._opened = False
        self._opens_ms = born_ms
        self._ends_ms = born_ms
        self._step = 0
        self._told = False

    def wake(self, random: Random) -> list[Moment]:
        """Live until the next wake: return the touchpoints of one visit in order, and set `wakes_ms`.

        `random` is only a tool: it is seeded anew here, so what it gave before does not matter.
        """
        if self.wakes_ms is None:
            return []
        now_ms = self.wakes_ms
        self._step += 1
        if self._person is None:
            self._person = person(index=self._index, seed=self._seed)
        who = self._person
        random.seed(derived(seed=self._seed, index=self._index, step=self._step))
        phase = STORIES[who.story].phases[self._phase]

        if not self._opened:
            self._opened, self._ends_ms = True, _end_of(phase, now_ms, random)
            names: tuple[str, ...] = phase.opens
        elif now_ms >= self._ends_ms:
            names = phase.closes
        else:
            names = _drawn_acts(who.story, self._phase, random)
        moments = self._visit(names[: self.left], now_ms, who, random)

        self.left -= len(moments)
        self._plan(phase, now_ms, moments[-1][0] if moments else now_ms, who, random)
        return moments

    def _visit(self, names: tuple[str, ...], start_ms: int, who: Person, random: Random) -> list[Moment]:
        """Write one visit as touchpoints, with pauses of some seconds to three minutes between them."""
        moments: list[Moment] = []
        at_ms = start_ms
        visit = f"{self._index:x}-{self._step:x}"
        for number, name in enumerate(names):
            act = ACTS[name]
            body = _body(act, who, at_ms, visit=visit, number=number, random=random)
            if not self._told:
                body["traits"] = {"plan": "visitor", "country": who.country} | dict(act.traits)
                self._told = True
            moments.append((at_ms, orjson.dumps(body, option=orjson.OPT_UTC_Z)))
            at_ms += 4 * SECOND_MS + int(random.random() ** 2 * 180 * SECOND_MS)
        return moments

    def _plan(self, phase: Phase, now_ms: int, latest_ms: int, who: Person, random: Random) -> None:
        """Decide when to wake next: for another visit, for the end of the phase, or for the next one."""
        soonest_ms = latest_ms + HOUR_MS
        if self.left <= 0:
            self.wakes_ms = None
        elif now_ms >= self._ends_ms:
            self._turn(STORIES[who.story].again, len(STORIES[who.story].phases), soonest_ms)
        else:
            share = (now_ms - self._opens_ms) / (self._ends_ms - self._opens_ms)
            pace = phase.pace[0] + (phase.pace[1] - phase.pace[0]) * share
            gap_ms = random.gammavariate(phase.regular, 1 / phase.regular) * WEEK_MS / pace
            visit_ms = _likely_hour(now_ms + int(gap_ms), who, random)
            self.wakes_ms = max(min(visit_ms, self._ends_ms), soonest_ms)

    def _turn(self, again: int | None, phases: int, at_ms: int) -> None:
        """Go on to the next phase at `at_ms`, back to phase `again`, or end."""
        follows: int | None = self._phase + 1
        if follows == phases:
            follows = 0 if again is None and self._endless else again
        if follows is None:
            self.wakes_ms = None
        else:
            self.wakes_ms = self._opens_ms = at_ms
            self._phase, self._opened = follows, False


def _body(act: Act, who: Person, at_ms: int, *, visit: str, number: int, random: Random) -> Body:
    """Build one touchpoint of a visit, as a tracker would send it."""
    body: Body = {
        "message_id": f"{visit}-{number}",
        "customer_id": who.customer_id,
        "event": act.event,
        "timestamp": instant(at_ms),
        "received_at": instant(at_ms + 40 + int(random.random() * 400)),
        "channel": act.channel or who.channel,
        "source": "demo-shop",
        "session_id": visit,
        "properties": properties(act, random),
    }
    if act.out:
        body["direction"] = "out"
    if act.traits:
        body["traits"] = dict(act.traits)
    return body


def _drawn_acts(story: int, phase: int, random: Random) -> tuple[str, ...]:
    """Draw what one visit is made of."""
    visits, chances = _VISITS[story][phase]
    visit = random.choices(visits, cum_weights=chances)[0]
    count = visit.fewest + int(random.random() * visit.spread)
    return (*random.choices(visit.acts, cum_weights=visit.chances, k=count), *visit.last)


def _end_of(phase: Phase, opens_ms: int, random: Random) -> int:
    """Draw when a phase that opens now ends (epoch ms), at least a day later."""
    fewest, most = phase.days
    length_ms = int(random.uniform(fewest, most) * DAY_MS)
    if not phase.until_gifts:
        return opens_ms + length_ms
    return _next_gift_day(opens_ms + length_ms + DAY_MS) - length_ms


def _next_gift_day(from_ms: int) -> int:
    """Return the first gift day (epoch ms, midnight UTC) at or after `from_ms`."""
    year = instant(from_ms).year
    days = [datetime(year + ahead, month, day, tzinfo=UTC) for ahead in (0, 1) for month, day in GIFT_DAYS]
    return min(day_ms for day_ms in map(milliseconds, days) if day_ms >= from_ms)


def _likely_hour(near_ms: int, who: Person, random: Random) -> int:
    """Move an instant within its day to about the hour at which this person comes."""
    hour = (who.hour + random.gauss(0, 1.5)) % 24
    return near_ms // DAY_MS * DAY_MS + int(hour * HOUR_MS)


def _prepared(phase: Phase) -> tuple[list[_Visit], list[float]]:
    visits = [
        _Visit(
            acts=[act for act, _ in session.acts],
            chances=list(accumulate(weight for _, weight in session.acts)),
            fewest=session.length[0],
            spread=session.length[1] - session.length[0] + 1,
            last=(session.last,) if session.last else (),
        )
        for session, _ in phase.sessions
    ]
    return visits, list(accumulate(weight for _, weight in phase.sessions))


_VISITS: Final = [[_prepared(phase) for phase in story.phases] for story in STORIES]
