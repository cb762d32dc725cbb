"""What is wrong with a model: a problem has a place, a reason and, where one is known, a way out."""

import difflib
from collections.abc import Iterable
from typing import Literal

import msgspec

SeverityOfProblem = Literal["error", "warning"]


class Problem(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """One finding of `model check`; line and column count from 1, 0 when there is no place."""

    file: str = ""
    line: int = 0
    column: int = 0
    severity: SeverityOfProblem = "error"
    reason: str
    suggestion: str = ""

    def __str__(self) -> str:
        """Return the finding on one line, as compilers print it."""
        place = f"{self.file}:{self.line}:{self.column}"
        hint = f" ({self.suggestion})" if self.suggestion else ""
        return f"{place}: {self.severity}: {self.reason}{hint}"


class ModelError(Exception):
    """The model cannot be used. Correct the file at the places named, then start again.

    `problems` holds all findings, warnings included, in the order of the file.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        """Keep the findings; the message is one line per finding."""
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return "did you mean …?" for the known name that is nearest to `word`, "" when none is near."""
    near = difflib.get_close_matches(word, sorted(set(known)), n=1, cutoff=0.6)
    return f"did you mean {near[0]}?" if near else ""


def suggest(word: str, known: Iterable[str], *, kind: str) -> str:
    """Return the nearest known name, or else what there is to choose from (at most eight)."""
    names = sorted(set(known))
    near = did_you_mean(word, names)
    if near:
        return near
    if not names:
        return f"this model has no {kind}"
    more = ", …" if len(names) > 8 else ""
    return f"{kind}: {', '.join(names[:8])}{more}"
