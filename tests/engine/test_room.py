"""However much there is to tell at once, all of it is told, once: the engine stops to make room for more."""

from collections import Counter

import pytest

from schemas.instants import instant
from streams.engine.table import SENT_RESERVE, TOLD_RESERVE
from streams.model.definition import Model
from streams.model.load import load_model_text
from streams.testing import TopologyTestDriver
from tests.nodes import DAY, HOUR
from tests.properties.runs import differences_of, driver_with, run_in_chunks
from tests.random_histories import Touch, at, record_value, written

NOON = at(2024, 3, 13, 12)
FLAGS = 60
CUSTOMERS = TOLD_RESERVE // FLAGS + 2  # of whom each tells of all flags: more than there is room for
VISITS = TOLD_RESERVE // (2 * FLAGS) + 2  # of which each tells of all flags twice: on by time, and off


def model_of(first: str, second: str) -> Model:
    """Return a model whose flags are on while a rule holds: the first half one rule, the others another."""
    rules = [first] * (FLAGS // 2) + [second] * (FLAGS // 2)
    flags = "".join(f"      flag_{n}: {{when: '{rule}'}}\n" for n, rule in enumerate(rules))
    return load_model_text(
        "model: busy\nversion: 1\ntouchpoints:\n  - {event: visit, signals: [visit]}\n"
        f"frameworks:\n  way:\n    kind: flags\n    stages:\n{flags}"
    )


SILENT = model_of("since(visit) >= 1h", "since(visit) >= 2h")


def visit(n: int, when: int, *, customer: str = "c1") -> bytes:
    """Return a visit as it stands in the log."""
    record = {"message_id": f"m{n}", "customer_id": customer, "event": "visit", "timestamp": written(when)}
    return record_value(Touch(record, n, when))


def everybody() -> list[bytes]:
    """Return one visit of each of so many customers."""
    return [visit(n, NOON, customer=f"c{n}") for n in range(CUSTOMERS)]


def test_all_that_time_brings_about_in_one_step_is_told() -> None:
    """Each flag of each customer goes on once, the first half an hour before the second."""
    driver = driver_with(SILENT, everybody())
    driver.run()

    outcome = driver.elapse(NOON + DAY)

    told = outcome.transitions()
    assert outcome.moves == len(told) == CUSTOMERS * FLAGS > TOLD_RESERVE
    assert Counter((each.customer_id, each.to_stage) for each in told).most_common(1)[0][1] == 1
    assert Counter(each.at for each in told) == {
        instant(NOON + HOUR): CUSTOMERS * FLAGS // 2,
        instant(NOON + 2 * HOUR): CUSTOMERS * FLAGS // 2,
    }


@pytest.mark.parametrize("size", [1, VISITS // 2])
def test_all_that_one_chunk_brings_about_is_told(size: int) -> None:
    """A customer's visits in one chunk, with what time brings in between, as if the chunks were small."""
    values = [visit(n, NOON + n * DAY) for n in range(VISITS)]

    whole = run_in_chunks(driver_with(SILENT, values), (VISITS,), NOON + VISITS * DAY)

    assert len(whole.transitions["c1"]) == (2 * VISITS - 1) * FLAGS > TOLD_RESERVE
    cut = run_in_chunks(driver_with(SILENT, values), (size,), NOON + VISITS * DAY)
    assert differences_of(whole, cut) == []


def test_all_that_a_changed_model_brings_about_is_told() -> None:
    """Every customer is evaluated under it, though there is not room for all of them at once."""
    driver = driver_with(SILENT, everybody())
    driver.run()

    outcome = driver.change_model(model_of("ever(visit)", "count(visit) >= 1"))

    told = outcome.transitions()
    assert len(told) == CUSTOMERS * FLAGS
    assert {(each.because.trigger.kind, each.at) for each in told} == {("model", instant(NOON))}
    assert len({(each.customer_id, each.to_stage) for each in told}) == len(told)


def test_the_scores_of_all_customers_of_one_chunk_are_sent() -> None:
    """One update for each, though there is not room for all of them at once."""
    bare = load_model_text("model: bare\nversion: 1\ntouchpoints: [{event: visit}]\n")
    count = SENT_RESERVE + 2
    driver = TopologyTestDriver(bare)
    for n in range(count):
        driver.append(visit(n, NOON, customer=f"c{n}"))

    outcome = driver.run()

    assert outcome.emissions == count
    assert len({each.customer_id for each in outcome.scores()}) == count
