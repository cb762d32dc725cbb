"""A seeded million of touchpoints for the benchmarks: the demo's stories, exactly as many as asked for.

Every one of the customers appears. Births are spread evenly over `days`, visits come in bursts with
pauses of seconds to minutes, and a customer has as many touchpoints as the pace of its story gives it,
but at least one; the sum is exact. Fewer days interleave more customers at a time.
"""

import hashlib
import sys
import tempfile
from collections.abc import Iterator
from itertools import accumulate, pairwise
from pathlib import Path
from random import Random

import streams.demo
from streams.demo.life import DAY_MS, Life
from streams.demo.people import person
from streams.demo.population import merged
from streams.demo.stories import STORIES, Story

MILLION = 1_000_000
START_MS = 1_767_225_600_000  # 2026-01-01
_NO_END_MS = 1 << 62


def million(customers: int, seed: int, *, touchpoints: int = MILLION, days: float = 28) -> Iterator[bytes]:
    """Give exactly `touchpoints` touchpoints of `customers` customers as JSON, in the order of time.

    Raises:
        ValueError: there are more customers than touchpoints.
    """
    random = Random(seed)
    births = [START_MS + int(random.random() * days * DAY_MS) for _ in range(customers)]
    paces = [_pace(STORIES[person(index=index, seed=seed).story]) for index in range(customers)]
    budgets = _budgets(paces, touchpoints, random)
    lives = (
        Life(index=index, seed=seed, born_ms=births[index], left=budgets[index], endless=True)
        for index in range(customers)
    )
    return (body for _, body in merged(lives, end_ms=_NO_END_MS))


def written(customers: int, seed: int, *, touchpoints: int = MILLION, days: float = 28) -> Path:
    """Return a file with these touchpoints as JSON lines, in the temporary directory; made once, then kept.

    Its name holds a digest of the code that makes it, so that a changed story makes a new file.
    """
    what = f"{customers}-{touchpoints}-{days:g}d-seed{seed}-{_digest()}"
    path = Path(tempfile.gettempdir()) / "rapport-bench" / f"population-{what}.jsonl"
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as unfinished:
        unfinished.writelines(
            body + b"\n" for body in million(customers, seed, touchpoints=touchpoints, days=days)
        )
    return Path(unfinished.name).rename(path)


def _budgets(paces: list[float], touchpoints: int, random: Random) -> list[int]:
    """Split `touchpoints` into a positive number for each customer, by pace and some chance."""
    customers = len(paces)
    if customers > touchpoints:
        raise ValueError(f"{touchpoints} touchpoints are too few for {customers} customers to appear")
    cuts = list(accumulate((pace * random.gammavariate(4, 0.25) for pace in paces), initial=0.0))
    spare = touchpoints - customers
    whole = [round(spare * cut / cuts[-1]) for cut in cuts]
    return [1 + later - earlier for earlier, later in pairwise(whole)]


def _pace(story: Story) -> float:
    """Return about how many sessions a week a story has, over all its phases."""
    weights = [sum(phase.days) for phase in story.phases]
    paces = [sum(phase.pace) / 2 for phase in story.phases]
    return sum(weight * pace for weight, pace in zip(weights, paces, strict=True)) / sum(weights)


def _digest() -> str:
    sources = [Path(__file__), *sorted(Path(streams.demo.__path__[0]).glob("*.py"))]
    return hashlib.sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()[:12]


if __name__ == "__main__":
    print(written(int(sys.argv[1]), int(sys.argv[2])))
