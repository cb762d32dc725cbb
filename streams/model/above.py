"""Entries of the touchpoint map that stand above another, found by what they could take from it.

A map of a thousand entries is compared with itself. An entry that names its event covers only entries
of that event, and one that wants a property to have a value only those that say the value too; a glob
covers only what begins as it does. So an entry is held against few of those above it.
"""

import re
from collections.abc import Iterator

from streams.model.definition import Condition, Entry
from streams.model.overrides import covers, is_pattern
from streams.model.tree import Source, Tree

Key = tuple[object, ...]
Place = tuple[int, Entry, Source]
ANY: Key = ()


class EntriesAbove:
    """The entries so far, in the order of the map."""

    def __init__(self) -> None:
        """Start with none."""
        self._count = 0
        self._places: dict[Key, dict[Key, list[Place]]] = {}  # by event, and by what `where` wants

    def add(self, entry: Entry, *, source: Source) -> None:
        """Take in the next entry, from this file."""
        wants = sorted((one for one in entry.where if one.op in ("eq", "glob")), key=lambda one: one.op)
        by_where = self._places.setdefault(_text_key(entry.event), {})
        by_where.setdefault(_wanted_key(wants[0]) if wants else ANY, []).append((self._count, entry, source))
        self._count += 1

    def first_over(self, later: Entry, *, not_from: Source | None = None) -> Entry | None:
        """Return the first entry that takes all that `later` matches; none of the file `not_from`."""
        for entry, source in self.candidates(later):
            if source != not_from and covers(entry, later):
                return entry
        return None

    def candidates(self, later: Entry) -> Iterator[tuple[Entry, Source]]:
        """Yield the entries that may cover `later`, with their files, in the order of the map."""
        said = {ANY, *(key for one in later.where for key in _said_keys(one))}
        places = [
            place
            for event in _text_keys(later.event)
            if event in self._places
            for key in said & self._places[event].keys()
            for place in self._places[event][key]
        ]
        for _, entry, source in sorted(places, key=lambda place: place[0]):
            yield entry, source


def without_overridden(entries: list[tuple[Entry, Tree]]) -> list[tuple[Entry, Tree]]:
    """Return the entries without those of a parent file that an entry of another file covers."""
    kept: list[tuple[Entry, Tree]] = []
    above = EntriesAbove()
    for entry, tree in entries:
        if above.first_over(entry, not_from=tree.source) is None:
            kept.append((entry, tree))
            above.add(entry, source=tree.source)
    return kept


def _text_key(pattern: str) -> Key:
    """Return the key of a text, or of all that begins as a glob does."""
    return ("begins", re.split(r"[*?]", pattern, maxsplit=1)[0]) if is_pattern(pattern) else ("is", pattern)


def _text_keys(text: str) -> list[Key]:
    """Return the keys of all that may cover a text or a glob."""
    return [("is", text), *(("begins", text[:length]) for length in range(len(text) + 1))]


def _wanted_key(condition: Condition) -> Key:
    """Return the key of a condition that an entry above asks for: a value, or a glob."""
    if condition.op == "glob":
        return (condition.path, *_text_key(str(condition.value)))
    return (condition.path, isinstance(condition.value, bool), condition.value)  # true is not 1


def _said_keys(condition: Condition) -> Iterator[Key]:
    """Yield the keys of all conditions that may follow from this one."""
    value = condition.value
    if isinstance(value, tuple):
        if not value:
            return
        value = value[0]
    if condition.op in ("eq", "any"):
        yield condition.path, isinstance(value, bool), value
    if condition.op in ("eq", "any", "glob") and isinstance(value, str):
        yield from ((condition.path, *key) for key in _text_keys(value))
