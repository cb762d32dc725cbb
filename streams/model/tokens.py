"""Prepare the text of a rule for Python's `ast`: what Python lacks is replaced, character for character.

Durations (`7d`), texts (`"pro"`) and the midnight mark (`score.x@7d`) become names of the same
length, so every column that `ast` reports is a column of the text as it was written.
"""

import re
from typing import NamedTuple

import msgspec

UNIT_MS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
UNIT_NAMES = "ms, s, m, h, d, w"
LENGTH_LIMIT = 4_000
PARENTHESES_LIMIT = 40
LONGEST_DURATION_MS = 36_525 * UNIT_MS["d"]  # a hundred years

DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhdw])")
TOKEN = re.compile(
    r"""
    (?P<blank>\s+)
  | (?P<text>"[^"]*"|'[^']*')
  | (?P<quote>["'])
  | (?P<duration>\d+(?:\.\d+)?(?:ms|[smhdw])(?![A-Za-z0-9_.]))
  | (?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?(?![A-Za-z0-9_.]))
  | (?P<malformed>\d[\w.]*)
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<operator>[<>=!]=|\*\*|//|[-+*/<>(),.@])
  | (?P<other>.)
    """,
    re.VERBOSE | re.ASCII | re.DOTALL,
)
SPELLINGS = {
    "AND": "write and",
    "OR": "write or",
    "NOT": "write not",
    "&": "write and",
    "|": "write or",
    "!": "write not, or != for unequal",
    "{": "put the rule in quotes: YAML gives braces a meaning of their own",
    "**": "only + - * / are known",
    "//": "only + - * / are known",
    "%": "only + - * / are known",
    "true": "leave a rule away that is always true",
    "false": "remove a rule that is never true",
    "True": "leave a rule away that is always true",
    "False": "remove a rule that is never true",
}


class Fault(msgspec.Struct, frozen=True):
    """What is wrong in an expression, and at which character (from 0)."""

    offset: int
    reason: str
    suggestion: str = ""


class Prepared(msgspec.Struct, frozen=True):
    """An expression that `ast` can read: `masked`, and by offset what was replaced in it.

    durations_ms and texts are keyed by where they start. midnights are keyed by where the name before
    the @ ends in `masked` (that is, after the duration) and give the name's end and the duration.
    """

    masked: str
    durations_ms: dict[int, float]
    texts: dict[int, str]
    midnights: dict[int, tuple[int, float]]


class Token(NamedTuple):
    """A piece of a rule's text: what it is, how it is written, and where it starts (from 0)."""

    kind: str
    word: str
    start: int


NOTHING = Token("", "", 0)


def prepare(text: str) -> tuple[Prepared, list[Fault]]:
    """Replace what Python's grammar lacks; faults are what no expression may hold."""
    masker = Masker()
    if len(text) > LENGTH_LIMIT:
        return masker.prepared(), [
            Fault(0, f"the rule has more than {LENGTH_LIMIT} characters", "split it into scores")
        ]
    tokens = [Token(match.lastgroup or "", match[0], match.start()) for match in TOKEN.finditer(text)]
    for number, token in enumerate(tokens):
        after = tokens[number + 1] if number + 1 < len(tokens) else NOTHING
        masker.take(token, after)
    if masker.opened:
        masker.faults.append(Fault(masker.opened[-1], "this ( is never closed", "add the )"))
    return masker.prepared(), masker.faults


class Masker:
    """Writes the masked text token by token, and remembers what it replaced."""

    def __init__(self) -> None:
        """Start with an empty text."""
        self.masked: list[str] = []
        self.durations_ms: dict[int, float] = {}
        self.texts: dict[int, str] = {}
        self.midnights: dict[int, tuple[int, float]] = {}
        self.opened: list[int] = []
        self.faults: list[Fault] = []
        self.before = NOTHING
        self.significant = ""

    def prepared(self) -> Prepared:
        """Return what was written so far."""
        return Prepared("".join(self.masked), self.durations_ms, self.texts, self.midnights)

    def take(self, token: Token, after: Token) -> None:
        """Write one token; `after` is the one that follows it."""
        self.masked.append(self.mask(token, after))
        self.before = token
        if token.kind != "blank":
            self.significant = token.word

    def mask(self, token: Token, after: Token) -> str:
        """Return what stands for a token, of the same length."""
        if token.kind == "blank":
            return " " * len(token.word)
        if token.kind == "text":
            self.texts[token.start] = token.word[1:-1]
            return "_" * len(token.word)
        if token.kind == "duration":
            return self.mask_duration(token)
        if token.word == "@":
            if self.before.kind != "name" or after.kind != "duration":
                reason = "@ stands between a score and a duration"
                self.faults.append(Fault(token.start, reason, "write score.engagement@7d"))
            return "_"
        if token.word in "()":
            self.match_parenthesis(token)
        elif token.word != "=" or self.significant != "ago":
            self.faults.extend(refused(token))
        return token.word

    def mask_duration(self, token: Token) -> str:
        """Return what stands for a duration: a name of its own, or the end of the name before the @."""
        if self.before.word == "@":
            self.midnights[token.start + len(token.word)] = (token.start - 1, duration_ms(token.word))
            return token.word.replace(".", "_")
        self.durations_ms[token.start] = duration_ms(token.word)
        return "_" * len(token.word)

    def match_parenthesis(self, token: Token) -> None:
        """Keep count of what is open."""
        if token.word == "(":
            self.opened.append(token.start)
            if len(self.opened) == PARENTHESES_LIMIT + 1:
                reason = f"more than {PARENTHESES_LIMIT} parentheses inside each other"
                self.faults.append(Fault(token.start, reason))
        elif self.opened:
            self.opened.pop()
        else:
            self.faults.append(Fault(token.start, "this ) closes nothing", "remove it, or add the ( before"))


def refused(token: Token) -> list[Fault]:
    """Return why a word cannot stand in a rule, nothing when it can."""
    kind, word, start = token
    if kind == "malformed":
        return [
            Fault(start, f"{word} is neither a number nor a duration", f"units are {UNIT_NAMES}: 30d, 24h")
        ]
    if kind == "quote":
        return [Fault(start, f"this {word} is never closed", "close the text with the same quote")]
    if kind == "other" and word == "=":
        return [Fault(start, "= assigns; a rule compares", "write ==")]
    if kind == "other" or word in SPELLINGS:
        return [Fault(start, f"{word} is not part of the language", SPELLINGS.get(word, ""))]
    if kind == "name" and not word.strip("_"):
        return [Fault(start, f"{word} is not a name")]
    return []


def duration_ms(word: str) -> float:
    """Return a duration such as 7d, 1.5h in milliseconds; the word must be one."""
    match = DURATION.fullmatch(word)
    if match is None:
        raise ValueError(f"{word} is not a duration")
    return float(match[1]) * UNIT_MS[match[2]]
