"""What an examination found: how much it matters, what it is, and what to do about it."""

from enum import StrEnum
from typing import NamedTuple


class Weight(StrEnum):
    """How much a finding matters, the least first."""

    OK = "ok"
    NOTE = "note"
    WARNING = "warning"
    ERROR = "error"  # records would be lost, or could not be written: a worker must not start


class Finding(NamedTuple):
    """One sentence, and where there is something to do, the ways out, each on a line."""

    weight: Weight
    what: str
    way_out: str = ""
