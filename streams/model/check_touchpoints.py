"""Check the touchpoint map: entries that can never match, and caps on nothing."""

from schemas.touchpoint import Channel, Direction
from streams.model.above import EntriesAbove
from streams.model.definition import Condition, Entry
from streams.model.fields import Notes
from streams.model.overrides import is_pattern, satisfies
from streams.model.problems import suggest
from streams.model.sections import Draft
from streams.model.tree import Tree, at_path, child

CLOSED = {
    "direction": tuple(direction.value for direction in Direction),
    "channel": tuple(channel.value for channel in Channel),
}


def check_touchpoints(notes: Notes, draft: Draft) -> None:
    """Note entries that no touchpoint can reach, and what in them does nothing."""
    entries_above = EntriesAbove()
    for entry, tree in zip(draft.model.touchpoints, draft.entries, strict=True):
        check_where(notes, entry, tree)
        above = entries_above.first_over(entry)
        if above is not None:
            reason = f"this entry can never match: {above.event} in line {above.line} takes all of it"
            notes.add(child(tree, "event") or tree, reason, "move it up, or narrow the other with where")
        entries_above.add(entry, source=tree.source)
        if entry.daily_cap is not None and not entry.dimensions and entry.type is None:
            reason = "daily_cap withholds points, and this entry gives none"
            notes.warn(child(tree, "daily_cap") or tree, reason, "remove it")


def check_where(notes: Notes, entry: Entry, tree: Tree) -> None:
    """Note conditions that no touchpoint satisfies."""
    by_path: dict[str, list[Condition]] = {}
    for condition in entry.where:
        by_path.setdefault(condition.path, []).append(condition)
        place = at_path(tree, ("where", condition.path))
        known = CLOSED.get(condition.path)
        if known is not None and not any(satisfies(value, condition) for value in known):
            hint = suggest(str(condition.value), known, kind=f"{condition.path}s")
            notes.add(place, f"no touchpoint has this {condition.path}", hint)
        if condition.op == "any" and isinstance(condition.value, tuple):
            for value in condition.value:
                if isinstance(value, str) and is_pattern(value):
                    reason = f"a list compares exactly: {value} stands for itself"
                    notes.warn(place, reason, "give the pattern an entry of its own")
    for path, conditions in by_path.items():
        if cannot_hold(conditions):
            reason = f"no value of {path} satisfies all of this"
            notes.add(at_path(tree, ("where", path)), reason, "widen the bounds, or split the entry")


def cannot_hold(conditions: list[Condition]) -> bool:
    """Whether the conditions on one path contradict each other: bounds that cross, or bounds on absence."""
    lows = [
        (float(c.value), c.op == "gt")
        for c in conditions
        if c.op in ("ge", "gt") and isinstance(c.value, (int, float))
    ]
    highs = [
        (float(c.value), c.op == "lt")
        for c in conditions
        if c.op in ("le", "lt") and isinstance(c.value, (int, float))
    ]
    absent = any(condition.op == "exists" and condition.value is False for condition in conditions)
    if absent and len(conditions) > 1:
        return True
    return any(
        low > high or (low == high and (above or below)) for low, above in lows for high, below in highs
    )
