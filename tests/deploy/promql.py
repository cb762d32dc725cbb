"""Names and labels that a PromQL expression speaks of: found by its punctuation, enough for our own rules."""

import re
from typing import Final, NamedTuple

_STRING: Final = re.compile(r"'[^']*'|\"[^\"]*\"")
_METRIC: Final = re.compile(r"(?<![\w:])(engagement_\w+|\w+(?::\w+)+)")
_SELECTOR: Final = re.compile(r"\{([^}]*)\}")
_GROUPING: Final = re.compile(r"\b(?:by|on|without|ignoring|group_left|group_right)\s*\(([^)]*)\)")
_WORD: Final = re.compile(r"\w+")


class Speaks(NamedTuple):
    """Metrics (recorded ones included) and labels of an expression."""

    metrics: frozenset[str]
    labels: frozenset[str]


def of(expression: str) -> Speaks:
    """Return what an expression speaks of."""
    plain = _STRING.sub("''", expression)
    matched = [label for inside in _SELECTOR.findall(plain) for label in _WORD.findall(inside)]
    grouped = [label for inside in _GROUPING.findall(plain) for label in _WORD.findall(inside)]
    return Speaks(frozenset(_METRIC.findall(plain)), frozenset({*matched, *grouped}))


def of_legend(text: str) -> frozenset[str]:
    """Return the labels that a legend, or a template of an alert, puts into its text."""
    return frozenset(re.findall(r"\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}", text))
