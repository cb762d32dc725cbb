"""Engine and oracle side by side on one history: what differs, as a list of sentences."""

from collections.abc import Mapping

from schemas.outputs import AlertRaised, StageChanged
from streams.engine.ground import RAISED, RESOLVED, STAGE
from streams.model.definition import Model
from streams.runtime.outcome import Outcome
from streams.runtime.processor import OUTCOMES
from streams.runtime.render import Renderer
from streams.testing import TopologyTestDriver
from tests.compare import equal_happenings, equal_states
from tests.oracle import Oracle
from tests.random_histories import History, Touch

COMPARED = ("stage", "raised", "resolved")


def differences(model: Model, history: History) -> list[str]:
    """Play a history into both; return the first step's differences in outcome, state or happenings."""
    oracle, driver = Oracle(model), TopologyTestDriver(model)
    for number, step in enumerate(history.steps):
        told = len(oracle.happenings)
        if isinstance(step, Touch):
            conflicts = oracle.totals["conflict"]
            expected = [oracle.touch(step.record, step.offset)]
            expected += ["conflict"] * (oracle.totals["conflict"] - conflicts)
            before = dict(driver.totals)
            outcome = driver.pipe(step.record)
            became = [name for name in (*OUTCOMES, "conflict") if driver.totals[name] != before[name]]
            found = [] if became == expected else [f"outcome: {expected} is not {became}"]
        else:
            oracle.tick(step.instant_ms)
            outcome, found = driver.tick(step.instant_ms), []
        found += _compare(oracle, driver, outcome, told)
        if found:
            return [f"step {number} {step}", *found]
    if history.until_ms is not None:
        told = len(oracle.happenings)
        oracle.until(history.until_ms)
        found = _compare(oracle, driver, driver.elapse(history.until_ms), told)
        if found:
            return [f"until {history.until_ms}", *found]
    return []


def _compare(oracle: Oracle, driver: TopologyTestDriver, outcome: Outcome, told: int) -> list[str]:
    expected = [each for each in oracle.happenings[told:] if each["kind"] in COMPARED]
    found = equal_happenings(expected, happenings(outcome), ignore=("values",))
    for customer in oracle.rows:
        state = driver.state(customer)
        wanted = oracle.state(customer)
        if state is None or wanted is None:
            found.append(f"{customer}: {wanted} is not {state}")
            continue
        found += [f"{customer} {each}" for each in equal_states(_narrowed(wanted, state), state)]
    return found


def _narrowed(wanted: Mapping[str, object], state: Mapping[str, object]) -> dict[str, object]:
    """Leave out signals and terms that the engine has no reason to keep (a session nobody reads)."""
    narrowed = dict(wanted)
    for name in ("signals", "terms"):
        whole, kept = narrowed.get(name), state.get(name)
        if isinstance(whole, dict) and isinstance(kept, dict):
            narrowed[name] = {key: _shown(value, kept[key]) for key, value in whole.items() if key in kept}
    return narrowed


def _shown(value: object, kept: object) -> object:
    """Return a term's value as outputs carry it: a truth as 0 or 1, a number compared as text as text."""
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, str) and kept is None:
        return None  # a text where the rule wants a number
    return f"{value:.15g}" if isinstance(value, float) and isinstance(kept, str) else value


def happenings(outcome: Outcome) -> list[dict[str, object]]:
    """Return an outcome's transitions and alerts in order, in the oracle's words."""
    found: list[dict[str, object]] = []
    for harvest in outcome.told.harvests:
        renderer = Renderer(*harvest)
        for i in renderer.places(STAGE, RAISED, RESOLVED):
            kind = renderer.kind(i)
            output = (
                renderer.transition(i)
                if kind == STAGE
                else renderer.raised(i)
                if kind == RAISED
                else renderer.resolved(i)
            )
            at = harvest.told_at[i].tolist()
            found.append(
                {
                    "kind": ("stage", "raised", "resolved")[kind],
                    "subject": output.customer_id,
                    "what": output.framework if isinstance(output, StageChanged) else output.alert,
                    "from": output.from_stage if isinstance(output, StageChanged) else None,
                    "to": output.to_stage if isinstance(output, StageChanged) else None,
                    "direction": output.direction.value if isinstance(output, StageChanged) else None,
                    "dwell_ms": output.dwell_ms if isinstance(output, StageChanged) else None,
                    "raised_id": None if isinstance(output, StageChanged | AlertRaised) else output.raised_id,
                    "at": at[6],
                    "seq": at[8],
                    "id": output.id,
                    "trigger": output.because.trigger.kind,
                    "message_id": output.because.trigger.message_id,
                }
            )
    return found
