"""When an entry of the touchpoint map takes all that another one matches."""

from fnmatch import fnmatchcase

from streams.model.definition import Condition, Entry


def covers(earlier: Entry, later: Entry) -> bool:
    """Whether every touchpoint that `later` matches is already matched by `earlier`."""
    return pattern_covers(earlier.event, later.event) and all(
        any(implies(given, asked) for given in later.where) for asked in earlier.where
    )


def pattern_covers(wide: str, narrow: str) -> bool:
    """Whether every text that the glob `narrow` matches is matched by the glob `wide`."""
    if wide == narrow or (wide and not wide.strip("*")):
        return True
    if not is_pattern(narrow):
        return matches(wide, narrow)
    # Both are patterns: sure only of a common start that the wide one leaves open.
    stem = wide.rstrip("*")
    return wide.endswith("*") and not is_pattern(stem) and narrow.startswith(stem)


def implies(given: Condition, asked: Condition) -> bool:
    """Whether a touchpoint that satisfies `given` always satisfies `asked`."""
    if given.path != asked.path:
        return False
    if asked.op == "exists" and asked.value is True:
        return not (given.op == "exists" and given.value is False)
    if given.op == asked.op and same(given.value, asked.value):
        return True
    if given.op == "any" and isinstance(given.value, tuple):
        return bool(given.value) and all(satisfies(value, asked) for value in given.value)
    if given.op == "eq":
        return satisfies(given.value, asked)
    if given.op == "glob" and asked.op == "glob":
        return pattern_covers(str(asked.value), str(given.value))
    if isinstance(given.value, (int, float)) and isinstance(asked.value, (int, float)):
        if given.op in ("ge", "gt") and asked.op in ("ge", "gt"):
            return given.value > asked.value or (
                given.value == asked.value and (asked.op == "ge" or given.op == "gt")
            )
        if given.op in ("le", "lt") and asked.op in ("le", "lt"):
            return given.value < asked.value or (
                given.value == asked.value and (asked.op == "le" or given.op == "lt")
            )
    return False


def satisfies(value: object, condition: Condition) -> bool:
    """Whether a present value satisfies a condition, as the engine would decide it."""
    wanted = condition.value
    match condition.op:
        case "exists":
            return wanted is True
        case "any":
            return isinstance(wanted, tuple) and any(same(value, one) for one in wanted)
        case "eq":
            return same(value, wanted)
        case "glob":
            return isinstance(value, str) and matches(str(wanted), value)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not isinstance(wanted, (int, float)):
        return False
    return {"ge": value >= wanted, "le": value <= wanted, "gt": value > wanted, "lt": value < wanted}[
        condition.op
    ]


def same(value: object, wanted: object) -> bool:
    """Whether two scalars are equal; true never equals 1."""
    return value == wanted and isinstance(value, bool) == isinstance(wanted, bool)


def is_pattern(text: str) -> bool:
    """Whether a text holds * or ?."""
    return "*" in text or "?" in text


def matches(pattern: str, text: str) -> bool:
    """Whether a glob of * and ? matches a whole text; brackets mean themselves."""
    return fnmatchcase(text, pattern.replace("[", "[[]"))
