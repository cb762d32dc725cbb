"""The canonical decoded state of a row: names to values, equal for every implementation of the model."""

import math
from collections.abc import Iterable

from streams.model.definition import Model
from tests.oracle.evaluation import dimension_at_instant, read, reading_instant, rules_of, terms_of
from tests.oracle.judgement import scores_of
from tests.oracle.row import DAY, Row
from tests.oracle.terms import rhythm, share_of_type

State = dict[str, object]


def state_of(row: Row) -> State:
    """Return everything about a row, readings taken at its clock."""
    if row.status == "deleted":
        return {"status": "deleted", "clock": row.clock, "incarnation": row.incarnation}
    t, model = row.clock, row.model
    return {
        "clock": t,
        "first": row.first,
        "touched": row.touched,
        "status": row.status,
        "incarnation": row.incarnation,
        "sequence": row.sequence,
        "signals": {name: signal_state(row, name) for name in signal_names(model)},
        "terms": readings(row),
        "scores": scores_of(row, t),
        "dimensions": {each.name: dimension_at_instant(row, each.name, t) for each in model.dimensions},
        "mix": {name: share_of_type(row, name) for name in type_names(model)},
        "stages": row.stages | {name: sorted(held) for name, held in row.flags.items()},
        "entered": dict(row.entered),
        "alerts": {
            name: {
                "open_since": alert.open_since,
                "raised": alert.raised,
                "today": alert.today,
                "thinned": alert.thinned,
            }
            for name, alert in row.alerts.items()
        },
        "answers": {each.name: pair(row.answers.get(each.name)) for each in model.questions},
        "follows": {each.name: pair(row.follows.get(each.name)) for each in model.follows},
        "rhythm": rhythm(row),
        "sent": row.sent,
        "sent_at": row.sent_at,
    }


def signal_names(model: Model) -> list[str]:
    """Return all signals: those of the map, the two built-in ones, and those that follows feed."""
    mapped = {name for entry in model.touchpoints for name, _ in entry.signals}
    fed = {f"{follow.name}.{end}" for follow in model.follows for end in ("closed", "expired")}
    return sorted(mapped | fed | {"activity", "session"})


def type_names(model: Model) -> list[str]:
    """Return all engagement types of the map."""
    return sorted({entry.type for entry in model.touchpoints if entry.type is not None})


def signal_state(row: Row, name: str) -> State | None:
    """Return a signal over the lifetime; None when it never happened."""
    happened = row.happened.get(name, [])
    if not happened:
        return None
    instants = [e for e, _ in happened]
    return {
        "count": len(happened),
        "days": len({e // DAY for e in instants}),
        "sum": math.fsum(amount for _, amount in happened if amount is not None),
        "first": min(instants),
        "last": max(instants),
    }


def readings(row: Row) -> State:
    """Return what every term of every rule reads; an inexact rule's are read where that rule is."""
    found: State = {}
    for rule in rules_of(row.model):
        for term in terms_of(rule.node):
            value = read(row, term, reading_instant(row, rule, row.clock))
            found[term.text] = sorted(value) if isinstance(value, frozenset) else value
    return found


def pair(kept: Iterable[object] | None) -> list[object] | None:
    """Return the value and the instant that are kept, without what ranks them."""
    return None if kept is None else list(kept)[:2]
