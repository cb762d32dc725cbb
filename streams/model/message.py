"""The text of an alert: words with names in braces, filled by substitution and never by `str.format`."""

import re
from collections.abc import Mapping

PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
# Names that every alert knows; transition alerts know both stages besides.
ALWAYS_KNOWN = ("customer", "alert")
OF_TRANSITIONS = ("from_stage", "to_stage")


def placeholders(message: str) -> tuple[tuple[int, str], ...]:
    """Return where (from 0) each name in braces starts, and the name."""
    return tuple((match.start(1), match[1].strip()) for match in PLACEHOLDER.finditer(message))


def fill(message: str, values: Mapping[str, str]) -> str:
    """Return the message with each name that `values` knows replaced; others stay as they are."""
    return PLACEHOLDER.sub(lambda match: values.get(match[1].strip(), match[0]), message)
