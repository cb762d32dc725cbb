"""Who lives the stories: invented names, a country, the hour they like, and which story is theirs."""

from bisect import bisect
from itertools import accumulate
from random import Random
from typing import Final

import msgspec

from streams.demo.stories import STORIES

_FIRST_NAMES: Final = (
    "ada ari bea ben cleo dana edda eli emre fay finn gita hana hugo ida ines ivo jana joel juno kai "
    "kira lars lea leo lina lou mae malik mara milo mina nadia nilo noa nora odin ola omar otis pia "
    "quinn rafa remi rosa ruby sami sena sol suri tara theo tilda uma vera wim yara yuki zeno zoe"
)
_LAST_NAMES: Final = (
    "alder amber ashdown birch bramble brook cedar clover copper coral dune elm ember fennel fern flint "
    "frost garnet glade hazel heather heron ivy juniper kestrel lark laurel linden maple marsh meadow "
    "moss nettle oak opal orchard otter pebble pine plum poppy quill raven reed river rowan rush sage "
    "sorrel sparrow tansy thistle thorn tide vale willow winter wren yarrow"
)
_FIRST: Final = _FIRST_NAMES.split()
_LAST: Final = _LAST_NAMES.split()
_UTC_OFFSETS: Final = {"DE": 1, "FR": 1, "NL": 1, "GB": 0, "SE": 1, "IN": 5, "JP": 9, "US": -6, "BR": -3}
_COUNTRIES: Final = list(_UTC_OFFSETS)
_SHARES: Final = list(accumulate(story.share for story in STORIES))


class Person(msgspec.Struct, frozen=True):
    """Somebody of the demo; `hour` is the hour of the day (UTC, 0 to 24) around which they come."""

    customer_id: str
    story: int
    country: str
    hour: float
    channel: str


def person(*, index: int, seed: int) -> Person:
    """Return the person with this number: the same for the same seed, whoever else there is."""
    random = Random(derived(seed=seed, index=index, step=0))
    name = f"{random.choice(_FIRST)}-{random.choice(_LAST)}-{index:04d}"
    country = random.choice(_COUNTRIES)
    local_hour = random.choice((8.5, 12.5, 17.0, 20.0, 21.0))
    return Person(
        customer_id=name,
        story=min(bisect(_SHARES, random.random() * _SHARES[-1]), len(STORIES) - 1),
        country=country,
        hour=(local_hour - _UTC_OFFSETS[country]) % 24,
        channel=random.choice(("web", "web", "mobile")),
    )


def derived(*, seed: int, index: int, step: int) -> int:
    """Return a seed of its own for one step of one life, so that no life depends on another."""
    return (seed * 1_000_003 + index) << 24 | step
