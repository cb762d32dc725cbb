"""YAML as a tree that knows where each piece stands; scalars stay text until a reader wants a type."""

from bisect import bisect_right

import msgspec

from streams.model.problems import Problem, SeverityOfProblem


class Source(msgspec.Struct, frozen=True):
    """A file's name and text, and the index at which each of its lines starts."""

    name: str
    text: str
    starts: tuple[int, ...]

    def place(self, index: int) -> tuple[int, int]:
        """Return line and column (from 1) of the character at `index`."""
        line = bisect_right(self.starts, index) - 1
        return line + 1, index - self.starts[line] + 1


class Scalar(msgspec.Struct, frozen=True):
    """A text as YAML gives it. `plain` is without quotes; only then may it be a number, a flag or null."""

    source: Source
    start: int
    end: int
    value: str
    plain: bool


class Sequence(msgspec.Struct, frozen=True):
    """A list."""

    source: Source
    start: int
    items: tuple["Tree", ...]


class Mapping(msgspec.Struct, frozen=True):
    """Keys and values in the order of the file; `flow` is the form in braces. No key stands twice."""

    source: Source
    start: int
    pairs: tuple[tuple[Scalar, "Tree"], ...]
    flow: bool = False


Tree = Scalar | Sequence | Mapping


def make_source(*, name: str, text: str) -> Source:
    """Return `text` as a source; lines end as YAML ends them."""
    starts = [0]
    # The sign behind the end makes the last line one that does not end.
    for line in (text + ".").splitlines(keepends=True)[:-1]:
        starts.append(starts[-1] + len(line))
    return Source(name=name, text=text, starts=tuple(starts))


def is_null(tree: Tree | None) -> bool:
    """Whether nothing is said: no value, `null` or `~`."""
    return tree is None or (
        isinstance(tree, Scalar) and tree.plain and tree.value in ("", "~", "null", "Null", "NULL")
    )


def child(tree: Tree | None, key: str | int) -> Tree | None:
    """Return the value under `key` (a text in a mapping, a number in a list), None when there is none."""
    if isinstance(tree, Mapping):
        return next((value for name, value in tree.pairs if name.value == key), None)
    if isinstance(tree, Sequence) and isinstance(key, int) and key < len(tree.items):
        return tree.items[key]
    return None


def at_path(tree: Tree, path: tuple[str | int, ...]) -> Tree:
    """Return what stands at `path`, or the last piece on the way to it that exists."""
    here = tree
    for key in path:
        below = child(here, key)
        if below is None:
            return here
        here = below
    return here


def key_at(tree: Tree, path: tuple[str | int, ...]) -> Tree:
    """Return the key that stands at the end of `path`, or what `at_path` finds."""
    above = at_path(tree, path[:-1])
    if isinstance(above, Mapping):
        for key, _ in above.pairs:
            if key.value == path[-1]:
                return key
    return at_path(tree, path)


def problem_at(
    tree: Tree,
    reason: str,
    suggestion: str = "",
    *,
    offset: int | None = None,
    severity: SeverityOfProblem = "error",
) -> Problem:
    """Return a problem that points at `tree`, or at the character `offset` (from 0) of a scalar's value."""
    index = index_of(tree, offset) if isinstance(tree, Scalar) and offset is not None else tree.start
    line, column = tree.source.place(index)
    return Problem(
        file=tree.source.name,
        line=line,
        column=column,
        severity=severity,
        reason=reason,
        suggestion=suggestion,
    )


def index_of(scalar: Scalar, offset: int) -> int:
    """Return the index in the source of the character at `offset` of a scalar's value.

    The value is laid along the source: a run of blanks stands for any run of blanks (YAML folds
    lines), and source characters that the value lacks (quotes, escapes, indents) are stepped over.
    """
    text, value, index = scalar.source.text, scalar.value, scalar.start
    if text[index : index + 1] in ("|", ">"):
        index = scalar.source.starts[scalar.source.place(index)[0]]
    elif not scalar.plain:
        index += 1
    for position, character in enumerate(value[: offset + 1]):
        found = text.find(character, index, scalar.end)
        if character.isspace():
            found = next((i for i in range(index, scalar.end) if text[i].isspace()), -1)
        if found < 0:
            return max(index - 1, scalar.start)
        if position == offset:
            return found
        index = found + 1
    return max(index - 1, scalar.start)
