"""Figures of partitions added up are the figures of all customers together, also across midnight."""

from collections.abc import Iterable
from datetime import timedelta
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from schemas.instants import instant
from schemas.views import PartitionKpis
from streams.runtime.kpi_sums import added
from streams.testing import TopologyTestDriver
from tests.figures import NOBODY
from tests.nodes import DAY, HOUR
from tests.runtime.shop import NOON, driver_of
from tests.runtime.test_kpis import DECISIONS
from tests.telling import tell

MIDNIGHT = NOON + DAY // 2
LATER = MIDNIGHT + 9 * HOUR  # after everything that is done
CUSTOMERS = ("a", "b", "c", "d")
LASTING = ("customers", "stages", "scores", "answers", "alerts_open", "segments", "outcomes", "entries")
OF_THE_DAY = (
    "new_today",
    "transitions",
    "alerts_raised",
    "alerts_resolved",
    "signals",
    "types",
    "channels",
    "sources",
)


class Deed(NamedTuple):
    """What a customer does, and when."""

    customer: str
    event: str
    at: int
    properties: dict[str, float]
    source: str | None
    plan: str | None


DEEDS = st.lists(
    st.builds(
        Deed,
        customer=st.sampled_from(CUSTOMERS),
        event=st.sampled_from(["visit", "buy", "gift", "ask", "unheard of"]),
        at=st.integers(0, 40).map(lambda hours: NOON - 20 * HOUR + hours * HOUR),
        properties=st.sampled_from([{}, {"revenue": 12.5, "score": 3.0}, {"score": 9.0}]),
        source=st.sampled_from([None, "web", "pos"]),
        plan=st.sampled_from([None, "free", "pro"]),
    ),
    max_size=25,
).map(lambda deeds: sorted(deeds, key=lambda deed: deed.at))
HOMES = st.fixed_dictionaries({name: st.integers(0, 2) for name in CUSTOMERS})


def figures_of(deeds: Iterable[Deed], until_ms: int) -> PartitionKpis:
    """Return the figures of a partition in which just that was done."""
    driver: TopologyTestDriver = driver_of(DECISIONS)
    for number, deed in enumerate(deeds):
        tell(
            driver,
            deed.event,
            deed.at,
            customer=deed.customer,
            message=f"{deed.customer}{number}",
            properties=deed.properties,
            **({"source": deed.source} if deed.source else {}),
            **({"traits": {"plan": deed.plan}} if deed.plan else {}),
        )
    driver.elapse(until_ms)
    return driver.processor.kpis()


def plain(figures: PartitionKpis, *, names: Iterable[str] = PartitionKpis.__struct_fields__) -> object:
    """Return figures without what is nothing, since a partition may not know of it; floats rounded."""
    return {name: bare(msgspec.to_builtins(getattr(figures, name))) for name in names}


def bare(tree: object) -> object:
    if isinstance(tree, dict):
        found = {name: bare(each) for name, each in sorted(tree.items())}
        return {name: each for name, each in found.items() if each not in (0, {}, [0, 0])}
    if isinstance(tree, list | tuple):
        return [bare(each) for each in tree]
    return round(tree, 6) if isinstance(tree, float) else tree


@given(deeds=DEEDS, homes=HOMES)
@settings(max_examples=40)
def test_however_customers_are_spread_the_sum_is_the_same(deeds: list[Deed], homes: dict[str, int]) -> None:
    """Of three partitions, some of which may be empty: every single figure, and the instant."""
    parts = [figures_of([deed for deed in deeds if homes[deed.customer] == k], LATER) for k in range(3)]

    together = added(parts)

    assert plain(together) == plain(figures_of(deeds, LATER))


@given(deeds=DEEDS, homes=HOMES, late=st.integers(0, 2))
@settings(max_examples=40)
def test_a_partition_that_stands_before_midnight_adds_nothing_to_the_new_day(
    deeds: list[Deed], homes: dict[str, int], late: int
) -> None:
    """What its customers are counts on; what they did was yesterday."""
    mine = [[deed for deed in deeds if homes[deed.customer] == k] for k in range(3)]
    mine[late] = [deed for deed in mine[late] if deed.at < MIDNIGHT]
    parts = [figures_of(each, MIDNIGHT - 1 if k == late else LATER) for k, each in enumerate(mine)]

    together = added(parts)

    after = added([each for k, each in enumerate(parts) if k != late])
    whatever_day = added([replace(each, as_of=instant(LATER)) for each in parts])
    assert together.as_of == instant(LATER)
    assert plain(together, names=OF_THE_DAY) == plain(after, names=OF_THE_DAY)
    assert plain(together, names=LASTING) == plain(whatever_day, names=LASTING)
    assert together.active["1"] == after.active["1"]


@pytest.mark.parametrize(("apart", "new"), [(0, 3), (1, 1)])
def test_a_day_ends_at_midnight_utc(apart: int, new: int) -> None:
    """A millisecond apart is another day, when midnight is between."""
    earlier = replace(NOBODY, as_of=instant(MIDNIGHT - apart), new_today=2)
    later = replace(NOBODY, as_of=instant(MIDNIGHT), new_today=1)

    assert added([later, earlier]).new_today == new
    assert added([earlier, later]).as_of == later.as_of


def test_figures_of_one_partition_are_themselves() -> None:
    """Whatever they are."""
    alone = figures_of([Deed("a", "buy", NOON, {"revenue": 5.0}, "web", "pro")], NOON)

    assert added([alone]) == alone


def test_no_partition_has_no_figures() -> None:
    """Nothing is known, which is not the same as nobody."""
    with pytest.raises(ValueError, match="no partition"):
        added([])


def test_partitions_of_another_model_are_added_by_name_and_place() -> None:
    """While workers go over to a new model, some know a stage, a line or a bin more."""
    before = replace(NOBODY, stages={"way": {"low": 1}}, entries=[1, 2], outcomes={"applied": 3})
    after = replace(NOBODY, stages={"way": {"low": 1, "top": 2}, "new": {"x": 1}}, entries=[1, 2, 3])

    found = added([before, after])

    assert found.stages == {"way": {"low": 2, "top": 2}, "new": {"x": 1}}
    assert found.entries == [2, 4, 3]
    assert found.outcomes == {"applied": 3}


def test_every_figure_is_added() -> None:
    """Also one that comes later: doubled, none stays as it was but the instant."""
    deeds = [
        Deed("a", "visit", NOON - DAY, {}, "web", "pro"),
        Deed("a", "ask", NOON, {"score": 3}, "web", None),
    ]
    deeds += [Deed("a", "buy", NOON + HOUR, {"revenue": 5.0}, None, None)]
    some = replace(figures_of(deeds, NOON + 2 * HOUR), new_today=1, alerts_resolved={"unhappy": 1})

    twice = added([some, replace(some, as_of=some.as_of + timedelta(milliseconds=1))])

    unchanged = [
        name
        for name in PartitionKpis.__struct_fields__
        if name != "as_of" and plain(twice, names=[name]) == plain(some, names=[name])
    ]
    assert unchanged == []
