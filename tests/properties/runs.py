"""One log, run in many ways; what each run came to, as plain values that can be compared."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from schemas.outputs import AlertRaised, AlertResolved, ScoreUpdated, StageChanged
from streams.model.definition import Model
from streams.runtime.processor import OUTCOMES
from streams.testing import TopologyTestDriver
from tests.compare import equal_states
from tests.random_histories import History, record_value

Told = dict[str, list[StageChanged | AlertRaised | AlertResolved]]


class Result(msgspec.Struct, frozen=True):
    """Everything a run came to. Outputs are kept by subject: only there is their order promised."""

    records: int
    totals: dict[str, int]
    states: dict[str, dict[str, object] | None]
    transitions: Told
    alerts: Told
    scores: dict[str, ScoreUpdated]


def values_of(history: History) -> list[bytes]:
    """Return the records of a history as they stand in the log."""
    return [record_value(step) for step in history.steps]


def driver_with(
    model: Model, values: Iterable[bytes], *, remembered_ids: int = 1_000_000
) -> TopologyTestDriver:
    """Return a driver whose log holds these records, none of them read yet."""
    driver = TopologyTestDriver(model, remembered_ids=remembered_ids)
    for value in values:
        driver.append(value)
    return driver


def run_in_chunks(driver: TopologyTestDriver, sizes: Sequence[int], until_ms: int | None = None) -> Result:
    """Read the log in chunks of these sizes, over and over again; then let time pass."""
    turn = 0
    while driver.processor.position < len(driver.log):
        at = driver.processor.position
        driver.outcomes.append(driver.processor.process(driver.log[at : at + sizes[turn % len(sizes)]]))
        turn += 1
    if until_ms is not None:
        driver.elapse(until_ms)
    return result_of(driver)


def run_whole(model: Model, values: Iterable[bytes], until_ms: int | None = None) -> Result:
    """Read the log in one chunk."""
    return run_in_chunks(driver_with(model, values), (1_000_000,), until_ms)


def run_with_crashes(
    driver: TopologyTestDriver, acts: Sequence[tuple[int, str, int]], until_ms: int | None = None
) -> Result:
    """Read so many records, then flush or crash, act by act; then read to the end and let time pass.

    An act is (records, "flush" or "crash", flushes to keep: 0 keeps all).
    """
    for count, act, kept in acts:
        at = driver.processor.position
        driver.outcomes.append(driver.processor.process(driver.log[at : at + count]))
        if act == "crash":
            driver.crash()
        else:
            number = len(driver.flushes) + 1
            driver.flush(carry_before=max(0, number - kept) if kept else 0)
    return run_in_chunks(driver, (1_000_000,), until_ms)


def result_of(driver: TopologyTestDriver) -> Result:
    """Return what a driver's run has come to."""
    customers = driver.processor.lanes["customer"].table.names[1:]  # type: ignore[index]  # a StrEnum
    return Result(
        records=len(driver.log),
        totals=dict(driver.totals),
        states={name: driver.state(name) for name in customers},
        transitions=by_subject(driver.transitions),
        alerts=by_subject(driver.alerts),
        scores=last_scores(driver),
    )


def last_scores(driver: TopologyTestDriver) -> dict[str, ScoreUpdated]:
    """Return the scores that stand at the end: the last of each customer, and of one who was deleted none."""
    standing: dict[str, ScoreUpdated] = {}
    for outcome in driver.outcomes:
        for customer in outcome.forgotten:
            standing.pop(customer, None)
        standing |= {each.customer_id: each for each in outcome.scores()}
    return standing


def by_subject(outputs: Iterable[StageChanged | AlertRaised | AlertResolved]) -> Told:
    """Return outputs by customer, in order."""
    told: Told = defaultdict(list)
    for output in outputs:
        told[output.customer_id].append(output)
    return dict(told)


def differences_of(expected: Result, actual: Result) -> list[str]:
    """Return where two runs differ; floats of states may differ by 1e-9, outputs and totals in nothing."""
    found = different("totals", expected.totals, actual.totals)
    for customer in sorted(expected.states.keys() | actual.states.keys()):
        pair = expected.states.get(customer), actual.states.get(customer)
        found += [f"{customer} {each}" for each in equal_states(*pair)]
    for name in ("transitions", "alerts", "scores"):
        found += different(name, getattr(expected, name), getattr(actual, name))
    return found


def different(what: str, expected: Mapping[str, object], actual: Mapping[str, object]) -> list[str]:
    """Return the names under which two mappings hold different things."""
    names = sorted(expected.keys() | actual.keys())
    return [
        f"{what} {name}: {expected.get(name)!r} is not {actual.get(name)!r}"
        for name in names
        if expected.get(name) != actual.get(name)
    ]


def lost_or_doubled(result: Result) -> list[str]:
    """Return a sentence if records read and outcomes counted do not agree."""
    ended = sum(result.totals[name] for name in OUTCOMES)
    return [] if ended == result.records else [f"{result.records} records, {ended} outcomes: {result.totals}"]


def unexplained(result: Result) -> list[str]:
    """Return the transitions and alerts that do not say why."""
    found = []
    for told in (*result.transitions.values(), *result.alerts.values()):
        for output in told:
            because = output.because
            shares = [each.share for each in because.touchpoints]
            if not because.rule:
                found.append(f"{output.id}: no rule")
            if sum(shares) > 1 + 1e-9 or any(not 0 <= share <= 1 for share in shares):
                found.append(f"{output.id}: shares {shares}")
            if because.trigger.kind == "touchpoint" and not because.trigger.message_id:
                found.append(f"{output.id}: a touchpoint without a message id")
            if any(name not in because.rule for name in because.values):
                found.append(f"{output.id}: values {because.values} of another rule than {because.rule}")
    return found
