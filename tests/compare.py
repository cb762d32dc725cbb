"""Equality of canonical states and of happenings, as lists of differences (empty: equal)."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence

RELATIVE = 1e-9
ABSOLUTE = 1e-9
LOOSER = 1e-4
INSTANT_FIELDS = ("at", "dwell_ms")


def equal_states(
    expected: Mapping[str, object] | None,
    actual: Mapping[str, object] | None,
    *,
    ignore: Sequence[str] = (),
) -> list[str]:
    """Return where two canonical states differ; floats may differ by 1e-9 relative, all else must be equal.

    Args:
        expected: one state, as `Oracle.state` gives it, or None.
        actual: the other.
        ignore: names at the top level that are not compared.
    """
    if expected is None or actual is None:
        return [] if expected is actual else [f"state: {expected!r} is not {actual!r}"]
    pair = (expected, actual)
    left, right = ({name: state[name] for name in state if name not in ignore} for state in pair)
    return differences("", left, right, RELATIVE)


def equal_happenings(
    expected: Sequence[Mapping[str, object]],
    actual: Sequence[Mapping[str, object]],
    *,
    ignore: Sequence[str] = (),
) -> list[str]:
    """Return where two tellings differ, subject by subject; the order is promised per subject only.

    Instants may differ by 1 ms; where they do, floats may differ by what moves within it.
    """
    lives = by_subject(expected), by_subject(actual)
    found: list[str] = []
    for subject in sorted(lives[0].keys() | lives[1].keys()):
        left, right = (life.get(subject, []) for life in lives)
        if len(left) != len(right):
            found.append(f"{subject}: {len(left)} happenings are not {len(right)}")
        for number, (one, two) in enumerate(zip(left, right, strict=False)):
            here = f"{subject}[{number}]"
            found += different_happening(here, one, two, ignore)
    return found


def by_subject(happenings: Sequence[Mapping[str, object]]) -> dict[str, list[Mapping[str, object]]]:
    """Group happenings by subject, in order."""
    groups: dict[str, list[Mapping[str, object]]] = defaultdict(list)
    for happening in happenings:
        groups[str(happening["subject"])].append(happening)
    return groups


def different_happening(
    here: str, expected: Mapping[str, object], actual: Mapping[str, object], ignore: Sequence[str]
) -> list[str]:
    """Return where two happenings differ."""
    found = []
    tolerance = RELATIVE if expected.get("at") == actual.get("at") else LOOSER
    for name in sorted((expected.keys() | actual.keys()) - set(ignore)):
        one, two = expected.get(name), actual.get(name)
        if name in INSTANT_FIELDS and isinstance(one, int) and isinstance(two, int):
            if abs(one - two) > 1:
                found.append(f"{here}.{name}: {one} is not {two}")
        else:
            found += differences(f"{here}.{name}", one, two, tolerance)
    return found


def differences(here: str, expected: object, actual: object, tolerance: float) -> list[str]:
    """Return the paths at which two values differ."""
    if isinstance(expected, Mapping) and isinstance(actual, Mapping):
        found = []
        for name in sorted(expected.keys() | actual.keys(), key=str):
            path = f"{here}.{name}" if here else str(name)
            if name not in expected or name not in actual:
                found.append(f"{path}: only on one side")
            else:
                found += differences(path, expected[name], actual[name], tolerance)
        return found
    if isinstance(expected, list | tuple) and isinstance(actual, list | tuple):
        if len(expected) != len(actual):
            return [f"{here}: {expected!r} is not {actual!r}"]
        pairs = enumerate(zip(expected, actual, strict=True))
        return [each for n, (one, two) in pairs for each in differences(f"{here}[{n}]", one, two, tolerance)]
    return [] if same_value(expected, actual, tolerance) else [f"{here}: {expected!r} is not {actual!r}"]


def same_value(expected: object, actual: object, tolerance: float) -> bool:
    """Compare two plain values; a truth is never a number, two ints are exact."""
    if isinstance(expected, bool) or isinstance(actual, bool):
        return expected is actual
    if isinstance(expected, int) and isinstance(actual, int):
        return expected == actual
    if isinstance(expected, int | float) and isinstance(actual, int | float):
        return math.isclose(expected, actual, rel_tol=tolerance, abs_tol=max(ABSOLUTE, tolerance * 1e-3))
    return expected == actual
