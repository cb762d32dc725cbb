"""What differs between two models, thing by thing, in the words of the file."""

from typing import Literal

import msgspec

from streams.model.definition import Model
from streams.model.pieces import Piece, entry_piece, pieces
from streams.model.sections import MODEL_KEYS
from streams.model.show import flow

Sign = Literal["+", "-", "~"]


class Change(msgspec.Struct, frozen=True):
    """One difference: what was added (+), removed (-) or changed (~).

    name is the path below the section, joined by dots; before and after are texts, "" where there is none.
    """

    section: str
    name: str
    sign: Sign
    before: str = ""
    after: str = ""


def diff(before: Model, after: Model) -> tuple[Change, ...]:
    """Return all differences, in the order of the sections of a model file."""
    old, new = pieces(before), pieces(after)
    changes: list[Change] = []
    for section in MODEL_KEYS:
        was, now = old.get(section), new.get(section)
        if section == "touchpoints":
            changes.extend(compare_named(section, "", by_event(before), by_event(after)))
        elif isinstance(was, dict) or isinstance(now, dict):
            changes.extend(compare_named(section, "", as_mapping(was), as_mapping(now)))
        else:
            changes.extend(compare(section, "", was, now))
    return tuple(changes)


def by_event(model: Model) -> dict[str, Piece]:
    """Return the entries of a touchpoint map under what they match."""
    named: dict[str, Piece] = {}
    for entry in model.touchpoints:
        piece = entry_piece(entry)
        event, where = flow(piece.pop("event")), piece.pop("where", None)
        named[event if where is None else f"{event} where {flow(where)}"] = piece
    return named


def as_mapping(piece: Piece | None) -> dict[str, Piece]:
    """Return a section's things by name; nothing for a section that is missing."""
    return piece if isinstance(piece, dict) else {}


def compare_named(section: str, name: str, old: dict[str, Piece], new: dict[str, Piece]) -> list[Change]:
    """Return the differences between two mappings, their order included where it carries meaning."""
    changes: list[Change] = []
    for key in dict.fromkeys((*old, *new)):
        below = f"{name}.{key}" if name else key
        changes.extend(compare(section, below, old.get(key), new.get(key)))
    in_both = [key for key in old if key in new]
    places = {key: place for place, key in enumerate(new)}
    for number, first in enumerate(in_both):
        for second in in_both[number + 1 :]:
            if places[first] > places[second] and order_matters(section, name, first, second):
                below = f"{name}.{second}" if name else second
                changes.append(Change(section, below, "~", f"after {first}", f"before {first}"))
    return changes


def order_matters(section: str, name: str, first: str, second: str) -> bool:
    """Whether it makes a difference which of two things stands first: stages, and entries that overlap."""
    if section == "touchpoints" and not name:
        events = [key.partition(" where ")[0] for key in (first, second)]
        return events[0] == events[1] or any("*" in event or "?" in event for event in events)
    return name.endswith((".stages", ".exits")) or (section == "levels" and "." not in name and bool(name))


def compare(section: str, name: str, old: Piece | None, new: Piece | None) -> list[Change]:
    """Return the differences between two values under one name."""
    if old == new and not isinstance(old, dict):
        return []
    if old is None and new is not None:
        return [Change(section, name, "+", after=flow(new))]
    if new is None and old is not None:
        return [Change(section, name, "-", before=flow(old))]
    if isinstance(old, dict) and isinstance(new, dict):
        return compare_named(section, name, old, new)
    return [Change(section, name, "~", flow(old or ""), flow(new or ""))]
