"""What the life of each customer, as the topics tell it, may look like under a model. Pure."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from schemas.outputs import AlertRaised, AlertResolved, StageChanged
from streams.model.definition import Framework, Model
from tests.kafka.evidence import Event, Finding, Kind

Whom = tuple[int, str]  # partition and subject


def backwards(events: Sequence[Event], kind: Kind = Kind.REORDERED) -> Iterator[Finding]:
    """Find events that are older than one that stands before them."""
    clocks: dict[Whom, int] = {}
    for event in events:
        whom = (event.partition, event.subject)
        before = clocks.get(whom, event.at_ms)
        if event.at_ms < before:
            yield _finding(kind, event, f"{before - event.at_ms} ms older than the one before it")
        clocks[whom] = max(before, event.at_ms)


def stages(events: Sequence[Event], model: Model, deleted: set[Whom]) -> Iterator[Finding]:
    """Find transitions that do not begin where the one before ended, or that the model does not know.

    deleted: who was deleted at some time, and may have begun anew.
    """
    frameworks = {framework.name: framework for framework in model.frameworks if not framework.levels}
    places: dict[tuple[Whom, str], str | None] = {}
    held: defaultdict[tuple[Whom, str], set[str]] = defaultdict(set)
    for event in events:
        change = event.content
        assert isinstance(change, StageChanged)
        whom, framework = (event.partition, event.subject), frameworks.get(change.framework)
        place = (whom, change.framework)
        if framework is None:
            wrong = f"the model has no framework {change.framework}"
        elif framework.kind == "flags":
            wrong = _flag(framework, change, held[place], again=whom in deleted)
        else:
            begins = change.from_stage is None and whom in deleted
            wrong = _move(framework, change, change.from_stage if begins else places.get(place))
            places[place] = change.to_stage
        if wrong:
            yield _finding(Kind.ILLEGAL_PATH, event, wrong)


def _move(framework: Framework, change: StageChanged, place: str | None) -> str:
    before, after = change.from_stage, change.to_stage
    exits = {stage.name: stage for stage in framework.exits}
    if before != place:
        return f"{framework.name}: from {before} to {after}, but it was in {place}"
    if before == after or after not in {*exits, *(stage.name for stage in framework.stages)}:
        return f"{framework.name}: there is no move from {before} to {after}"
    if after in exits and (before is None or before not in (exits[after].from_stages or (before,))):
        return f"{framework.name}: {after} is not entered from {before}"
    return ""


def _flag(framework: Framework, change: StageChanged, held: set[str], *, again: bool) -> str:
    on, off = change.to_stage, change.from_stage
    flag = on or off
    if flag not in {stage.name for stage in framework.stages} or (on and off):
        return f"{framework.name}: no flag goes from {off} to {on}"
    was = flag in held
    (held.add if on else held.discard)(flag)
    if was == bool(on) and not (on and again):
        return f"{framework.name}: {flag} goes {'on' if on else 'off'}, and was so before"
    return ""


def alerts(events: Sequence[Event], model: Model, deleted: set[Whom]) -> Iterator[Finding]:
    """Find alerts resolved that were not open under that id, and state alerts raised twice."""
    kinds = {alert.name: alert.kind for alert in model.alerts}
    opened: dict[tuple[Whom, str], str] = {}
    for event in events:
        each, whom = event.content, (event.partition, event.subject)
        assert isinstance(each, AlertRaised | AlertResolved)
        place, kind = (whom, each.alert), kinds.get(each.alert)
        if kind is None:
            yield _finding(Kind.ILLEGAL_PATH, event, f"the model has no alert {each.alert}")
        elif isinstance(each, AlertResolved):
            was = opened.pop(place, None)
            if was != each.raised_id:
                yield _finding(
                    Kind.ILLEGAL_PATH, event, f"{each.alert} resolves {each.raised_id}, and open is {was}"
                )
        elif kind == "state":
            if place in opened and whom not in deleted:
                yield _finding(Kind.ILLEGAL_PATH, event, f"{each.alert} is raised while it is open")
            opened[place] = each.id


def _finding(kind: Kind, event: Event, detail: str) -> Finding:
    return Finding(kind, event.topic, event.partition, event.subject, f"{event.id}: {detail}")
