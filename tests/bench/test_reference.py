from collections.abc import Iterable

import pytest

from bench.population import million
from bench.reference import Totals, WrongTableError, fold, held, insist
from streams.model.load import load_model
from streams.runtime.processor import Processor
from streams.runtime.record import Record

BODIES = list(million(12, 3, touchpoints=150))


@pytest.fixture(scope="module")
def table() -> tuple[Totals, dict[str, int]]:
    """Return what the processor holds after all of them, and what became of them."""
    return replayed(BODIES)


def replayed(bodies: Iterable[bytes]) -> tuple[Totals, dict[str, int]]:
    """Return what the processor holds after these touchpoints, and what became of them."""
    processor = Processor(load_model("starter"), check_future=False)
    processor.process([Record(offset, 0, None, body) for offset, body in enumerate(bodies)])
    return held(processor), processor.totals


def test_a_right_table_passes(table: tuple[Totals, dict[str, int]]) -> None:
    """The plain fold and the engine come to the same totals for every customer."""
    found, outcomes = table

    insist(fold(BODIES), found, outcomes, touchpoints=len(BODIES))


def test_a_skipped_touchpoint_voids_a_run() -> None:
    """However fast it was; also when its outcomes are made to look complete."""
    found, outcomes = replayed(BODIES[:-1])

    with pytest.raises(WrongTableError, match="149 were applied"):
        insist(fold(BODIES), found, outcomes, touchpoints=len(BODIES))
    with pytest.raises(WrongTableError, match="should have"):
        insist(fold(BODIES), found, {"applied": len(BODIES)}, touchpoints=len(BODIES))


def test_a_touchpoint_of_another_customer_voids_a_run(table: tuple[Totals, dict[str, int]]) -> None:
    """The totals of everybody together would still be right."""
    found, outcomes = table
    one, other = list(found)[:2]
    swapped = found | {one: found[other], other: found[one]}

    with pytest.raises(WrongTableError, match="should have"):
        insist(fold(BODIES), swapped, outcomes, touchpoints=len(BODIES))


def test_a_customer_too_many_or_too_few_voids_a_run(table: tuple[Totals, dict[str, int]]) -> None:
    """Both sides of it."""
    found, outcomes = table
    expected = fold(BODIES)
    fewer = dict(list(found.items())[1:])

    for held_now in (fewer, found | {"somebody": {"activity": 1.0}}):
        with pytest.raises(WrongTableError, match="12 customers were sent"):
            insist(expected, held_now, outcomes, touchpoints=len(BODIES))


@pytest.mark.parametrize(("difference", "passes"), [(1e-12, True), (0.01, False)])
def test_sums_may_differ_by_rounding_alone(
    table: tuple[Totals, dict[str, int]], difference: float, passes: bool
) -> None:
    """A cent is no rounding."""
    found, outcomes = table
    buyer = next(customer for customer, totals in found.items() if "sum of purchase" in totals)
    paid = found[buyer]["sum of purchase"] + difference
    changed = found | {buyer: found[buyer] | {"sum of purchase": paid}}

    if passes:
        insist(fold(BODIES), changed, outcomes, touchpoints=len(BODIES))
    else:
        with pytest.raises(WrongTableError, match=buyer):
            insist(fold(BODIES), changed, outcomes, touchpoints=len(BODIES))
