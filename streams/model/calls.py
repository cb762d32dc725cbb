"""Read the terms that take arguments, such as count(purchase, 30d, ago=30d)."""

import ast

from streams.model.expression import Node, PaneUnit, Term, Window
from streams.model.terms import CALLS
from streams.model.tokens import LONGEST_DURATION_MS, UNIT_MS
from streams.model.written import UNREADABLE, Written


def read_call(written: Written, node: ast.Call, kind: str) -> Node:
    """Return the term of this kind that a call says."""
    form = CALLS[kind]
    arguments = list(node.args)
    write = f"write {form.example}"
    name = ""
    if form.reads:
        if not arguments:
            return written.fault(node, f"{kind} needs the name of a {form.reads}", write)
        named = read_name(written, arguments.pop(0), kind)
        if named is None:
            return UNREADABLE
        name = named
    if form.window == "none" and (arguments or node.keywords):
        return written.fault(arguments[0] if arguments else node, f"{kind} takes no window", write)
    if form.window == "required" and not arguments:
        return written.fault(node, f"{kind} needs a window", write)
    if len(arguments) > 1:
        return written.fault(arguments[1], f"{kind} takes one window", "a window that lies back has ago=…")
    window = read_window(written, arguments[0], kind) if arguments else None
    if arguments and window is None:
        return UNREADABLE
    ago = read_ago(written, node, kind, window)
    if ago is None:
        return UNREADABLE
    return Term(
        kind=kind,
        name=name,
        window=window,
        ago=ago,
        text=written.words(node),
        column=written.start(node) + 1,
    )


def read_name(written: Written, node: ast.expr, kind: str) -> str | None:
    """Return the name that a term reads; None after noting why it is none."""
    form = CALLS[kind]
    name = written.path(node)
    if name is None:
        reason = f"{kind} takes the name of a {form.reads} here"
        written.fault(node, reason, f"write {form.example}")
        return None
    if form.reads != "trait":
        return name
    root, _, trait = name.partition(".")
    if root != "trait" or not trait:
        written.fault(node, f"{kind} reads a trait that holds a date", f"write {form.example}")
        return None
    return trait


def read_window(written: Written, node: ast.expr, kind: str) -> Window | None:
    """Return a window of at least two panes; None after noting why it is none."""
    form = CALLS[kind]
    word = written.words(node)
    value_ms = written.duration_at(node)
    if value_ms is None:
        written.fault(node, f"{word[:40]} is not a window", f"write {form.example}")
        return None
    unit = next((name for name in form.panes if word.endswith(name)), None)
    if unit is None:
        written.fault(node, f"{kind} counts in panes of {' or '.join(form.panes)}", f"write {form.example}")
        return None
    panes = value_ms / UNIT_MS[unit]
    if panes != int(panes) or value_ms > LONGEST_DURATION_MS:
        reason = f"{word} is not a whole number of panes, or more than 100 years"
        written.fault(node, reason, f"write {form.example}")
        return None
    if panes < 2:
        written.fault(node, f"a window has at least 2 panes; {word} is less", f"write {longer(unit, kind)}")
        return None
    return Window(size=int(panes), unit=unit)


def longer(unit: PaneUnit, kind: str) -> str:
    """Return a window of about one pane of `unit` in smaller panes where there are such, or two panes."""
    if unit == "w":
        return "7d, or 2w"
    return "24h, or 2d" if unit == "d" and "h" in CALLS[kind].panes else f"2{unit}"


def read_ago(written: Written, node: ast.Call, kind: str, window: Window | None) -> int | None:
    """Return how many whole panes a window lies back; None after noting what is wrong."""
    if not node.keywords:
        return 0
    value = node.keywords[-1].value  # all of them are ago: no other name may stand before =
    if len(node.keywords) > 1 or not CALLS[kind].ago:
        written.fault(value, f"{kind} takes no such argument", f"write {CALLS[kind].example}")
        return None
    if window is None:
        written.fault(value, "ago moves a window, and here is none", f"write {kind}(…, 30d, ago=30d)")
        return None
    value_ms = written.duration_at(value)
    if value_ms is None:
        written.fault(value, "ago takes a duration", f"write ago={window.size}{window.unit}")
        return None
    panes = value_ms / UNIT_MS[window.unit]
    if panes != int(panes) or panes < 1 or value_ms > LONGEST_DURATION_MS:
        written.fault(value, "ago is whole panes of the window", f"write ago={window.size}{window.unit}")
        return None
    return int(panes)
