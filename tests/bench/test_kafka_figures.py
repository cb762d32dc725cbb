from pathlib import Path

import pytest

from bench.kafka.progress import Point, TooShortError, rate
from bench.kafka.small import Customer, Touchpoint, apply
from bench.kafka.tables import Counts, fold, insist, signal
from bench.kafka.throughput import SMALL, TOO_SHORT, shown
from bench.population import million
from bench.reference import WrongTableError, counts
from schemas.instants import instant
from streams.model.load import load_model
from streams.runtime.processor import Processor
from streams.runtime.record import Record

DAY_MS = 86_400_000
BODIES = list(million(12, 3, touchpoints=150))


def points(*committed: int, every_s: float = 1.0, full: int = 1_000) -> list[Point]:
    """Return what is seen of a group at equal intervals, of a system that needs half of a core.

    full: at so many, the first partition is at its end.
    """
    return [
        Point(number * every_s, done, number * every_s / 2, is_full=done < full)
        for number, done in enumerate(committed)
    ]


def test_the_start_is_cut_from_a_rate() -> None:
    """The clock runs from the first commit: how long joining and loading took does not count."""
    found = rate(points(0, 0, 0, 50, 150, 250))

    assert found == (100.0, 200.0)


def test_the_last_commit_is_left_out_where_others_remain() -> None:
    """It comes up to a second after the work was done; of four there would remain too few."""
    assert rate(points(0, 10, 110, 210, 310, 311)).wall == 100.0
    assert rate(points(0, 10, 110, 210, 211)).wall == pytest.approx(67.0)


def test_what_comes_after_the_first_partition_has_ended_is_left_out() -> None:
    """By then a system waits for the others, or lets time pass."""
    assert rate(points(0, 10, 110, 210, 310, 311, 312, full=311)).wall == pytest.approx(100.0)


@pytest.mark.parametrize("committed", [(), (0,), (0, 0), (0, 100)])
def test_one_commit_is_no_rate(committed: tuple[int, ...]) -> None:
    """Nothing is made up where nothing was seen."""
    with pytest.raises(TooShortError):
        rate(points(*committed))


def test_rates_are_told_by_their_median_and_span() -> None:
    """If one run was too short to say, there is no number."""
    assert shown([3_000, 1_000, 2_000]).shown == "2,000 (1,000 to 3,000)"
    assert shown([1_000]).shown == "1,000"
    assert shown([0.0, 1_000]).shown == shown([0.0]).shown == TOO_SHORT


@pytest.fixture(scope="module")
def population(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("population") / "population.jsonl"
    path.write_bytes(b"".join(body + b"\n" for body in BODIES))
    return path


def by_hand() -> Counts:
    """Return the counts as both peers keep them."""
    import msgspec

    customers: dict[str, Customer] = {}
    for body in BODIES:
        touchpoint = msgspec.json.decode(body, type=Touchpoint)
        apply(customers.setdefault(touchpoint.customer_id, Customer()), touchpoint)
    return {name: customer.counts for name, customer in customers.items()}


def test_the_small_model_and_its_peers_come_to_what_the_file_does(population: Path) -> None:
    """All three of the comparison do the same work."""
    expected = fold(population)
    processor = Processor(load_model(SMALL), check_future=False)
    processor.process([Record(offset, 0, None, body) for offset, body in enumerate(BODIES)])

    named = {signal(event): event for each in expected.values() for event in each}
    ours = {
        customer: {named[name]: int(number) for name, number in found.items() if name in named}
        for customer, found in counts(processor).items()
    }

    insist(expected, by_hand(), system="by hand")
    insist(expected, ours, system="Rapport")


def test_a_wrong_table_voids_a_run(population: Path) -> None:
    """A count too many, a customer too few, a customer too many."""
    right = fold(population)
    one = next(iter(right))
    more = {event: number + 1 for event, number in right[one].items()}
    fewer = {customer: found for customer, found in right.items() if customer != one}

    for wrong in (right | {one: more}, fewer, right | {"somebody": {"Page Viewed": 1}}):
        with pytest.raises(WrongTableError, match="the script: "):
            insist(right, wrong, system="the script")


def test_the_peers_have_the_stages_of_the_small_model() -> None:
    """Page views of the last seven days make active, points make engaged, an order then makes a buyer."""
    customer, stages = Customer(), []
    for number in range(14):
        event = "Order Completed" if number == 13 else "Page Viewed"
        at_ms = 1_767_225_600_000 + number * 1_000
        stages.append(apply(customer, Touchpoint(str(number), "c", event, instant(at_ms))))

    assert stages == ["new"] * 2 + ["active"] * 10 + ["engaged"] + ["buyer"]

    later = Touchpoint("x", "c", "Feature Used", instant(1_767_225_600_000 + 30 * DAY_MS))

    assert apply(customer, later) == "new"
    assert customer.days == {}
