import msgspec
import pytest

from bench.population import million
from schemas.touchpoint import Touchpoint

DECODER = msgspec.json.Decoder(Touchpoint)


@pytest.mark.parametrize(("customers", "touchpoints"), [(1, 50), (37, 1_000), (500, 501), (500, 500)])
def test_there_are_exactly_as_many_touchpoints_and_customers_as_asked_for(
    customers: int, touchpoints: int
) -> None:
    """A benchmark that says a million over ten thousand means it."""
    told = [DECODER.decode(body) for body in million(customers, 3, touchpoints=touchpoints)]

    assert len(told) == touchpoints
    assert len({one.customer_id for one in told}) == customers


def test_too_few_touchpoints_for_everybody_are_refused() -> None:
    """One fewer than there are customers cannot be."""
    with pytest.raises(ValueError, match="499 touchpoints are too few"):
        list(million(500, 3, touchpoints=499))


def test_they_come_in_the_order_of_time_and_no_id_twice() -> None:
    """So that no touchpoint is late or a duplicate by accident."""
    told = [DECODER.decode(body) for body in million(80, 3, touchpoints=6_000)]
    instants = [one.timestamp for one in told]

    assert instants == sorted(instants)
    assert len({(one.customer_id, one.message_id) for one in told}) == len(told)


def test_the_same_seed_gives_the_same_bytes() -> None:
    """Runs can be compared with each other."""
    assert list(million(20, 3, touchpoints=300)) == list(million(20, 3, touchpoints=300))
    assert list(million(20, 3, touchpoints=300)) != list(million(20, 4, touchpoints=300))
