"""Which line of the touchpoint map a touchpoint matches, and the numbers that the line finds in it."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from schemas.touchpoint import Direction, Kind, Touchpoint
from streams.model.definition import Amount, Condition, Entry, Model

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ACTIVITY_KINDS = (Kind.TRACK, Kind.PAGE, Kind.SCREEN)


def timestamp_ms(touchpoint: Touchpoint) -> int:
    """Return the timestamp in whole milliseconds since 1970, rounded down."""
    return (touchpoint.timestamp - EPOCH) // timedelta(milliseconds=1)


def matching_entry(model: Model, touchpoint: Touchpoint) -> int | None:
    """Return the number of the first entry whose event and conditions fit; None: unmapped."""
    for number, entry in enumerate(model.touchpoints):
        if glob(entry.event, touchpoint.event) and all(fits(touchpoint, line) for line in entry.where):
            return number
    return None


def is_activity(entry: Entry | None, touchpoint: Touchpoint) -> bool:
    """Tell whether the customer acted, and the map does not say otherwise."""
    if touchpoint.direction != Direction.IN or touchpoint.kind not in ACTIVITY_KINDS:
        return False
    return entry is None or entry.activity


def glob(pattern: str, text: str) -> bool:
    """Match `*` with any characters, `?` with one, and anything else with itself, case included."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(glob(pattern[1:], text[start:]) for start in range(len(text) + 1))
    return bool(text) and pattern[0] in ("?", text[0]) and glob(pattern[1:], text[1:])


def look(touchpoint: Touchpoint, path: str) -> object:
    """Follow a dotted path; None when something on the way is missing or null."""
    first, *rest = path.split(".")
    found: object = getattr(touchpoint, first, None)
    for name in rest:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def finite_number(found: object) -> float | None:
    """Return a finite number as float; None for anything else, a bool included."""
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    try:
        return float(found) if math.isfinite(found) else None
    except OverflowError:
        return None


def fits(touchpoint: Touchpoint, condition: Condition) -> bool:
    """Tell whether one line of `where` holds."""
    found = look(touchpoint, condition.path)
    wanted = condition.value
    if condition.op == "exists":
        return (found is not None) == wanted
    if condition.op == "eq":
        return same(found, wanted)
    if condition.op == "any":
        return isinstance(wanted, tuple) and any(same(found, one) for one in wanted)
    if condition.op == "glob":
        return isinstance(found, str) and isinstance(wanted, str) and glob(wanted, found)
    number, bound = finite_number(found), finite_number(wanted)
    if number is None or bound is None:
        return False
    holds = {"ge": number >= bound, "le": number <= bound, "gt": number > bound, "lt": number < bound}
    return holds[condition.op]


def same(found: object, wanted: object) -> bool:
    """Compare text with text, truth with truth and number with number."""
    if isinstance(found, bool) or isinstance(wanted, bool):
        return found is wanted
    if isinstance(found, str) or isinstance(wanted, str):
        return isinstance(found, str) and isinstance(wanted, str) and str(found) == str(wanted)
    number = finite_number(found)
    return number is not None and number == wanted


def amount_of(touchpoint: Touchpoint, amount: Amount) -> float | None:
    """Return the constant, or the number at the first path that holds one."""
    if amount.constant is not None:
        return float(amount.constant)
    numbers = [finite_number(look(touchpoint, path)) for path in amount.paths]
    return next((number for number in numbers if number is not None), None)
