"""The terms of the language: how each is written, what it reads and of which unit it is."""

from typing import Literal

import msgspec

from streams.model.expression import PaneUnit, Term, Unit

Reads = Literal["", "signal", "question", "set", "follow", "trait"]


class Form(msgspec.Struct, frozen=True):
    """How a term is called: what its first argument names, and whether windows follow."""

    reads: Reads
    unit: Unit
    window: Literal["none", "optional", "required"] = "none"
    panes: tuple[PaneUnit, ...] = ()
    ago: bool = False
    example: str = ""


CALLS: dict[str, Form] = {
    "count": Form("signal", "number", "optional", ("h", "d", "w"), True, "count(purchase, 30d)"),
    "sum": Form("signal", "number", "optional", ("h", "d", "w"), True, "sum(purchase, 30d)"),
    "days": Form("signal", "number", "optional", ("d", "w"), True, "days(purchase, 30d)"),
    "days_active": Form("", "number", "required", ("d", "w"), True, "days_active(30d)"),
    "channels": Form("", "number", "required", ("d", "w"), False, "channels(30d)"),
    "sessions": Form("", "number", "required", ("d", "w"), False, "sessions(30d)"),
    "seen": Form("set", "number", "required", ("d", "w"), False, "seen(features, 30d)"),
    "since": Form("signal", "duration", example="since(purchase)"),
    "ever": Form("signal", "truth", example="ever(purchase)"),
    "first": Form("signal", "instant", example="first(purchase)"),
    "last": Form("signal", "instant", example="last(purchase)"),
    "answer": Form("question", "number", example="answer(nps)"),
    "follow": Form("follow", "text", example='follow(feedback) == "open"'),
    "until": Form("trait", "duration", example="until(trait.renewal_date)"),
}
CONNECTORS = {
    "default": "default(answer(nps), 7)",
    "known": "known(rhythm)",
    "holds": "holds(ever(trial), ever(demo)) >= 2",
    "min": "min(rhythm, 14d)",
    "max": "max(rhythm, 14d)",
    "mean": "mean(score.a, score.b)",
}
BARE: dict[str, Unit] = {"rhythm": "duration", "p_alive": "number", "tenure": "duration"}
# None: a trait is a number or a text, as the tracker sends it.
DOTTED: dict[str, Unit | None] = {
    "score": "number",
    "dimension": "number",
    "type": "number",
    "trait": None,
    "stage": "text",
}
FUNCTIONS = (*CALLS, *CONNECTORS)
WORDS = (*FUNCTIONS, *BARE, *DOTTED)
FOLLOW_STATES = ("open", "closed", "expired")


def unit_of_term(term: Term) -> Unit | None:
    """Return the unit in which a term is read; None for a trait, which may be a number or a text."""
    if term.kind in CALLS:
        return CALLS[term.kind].unit
    if term.kind in BARE:
        return BARE[term.kind]
    return DOTTED["score" if term.kind == "score_at" else term.kind]


def name_offset(term: Term) -> int:
    """Return where (from 0) the name that a term reads stands in the rule's text."""
    start = max(term.column - 1, 0)
    opening = term.text.find("(") if term.kind in CALLS else term.text.find(".")
    found = term.text.find(term.name.split(".")[0], opening + 1)
    return start + max(found, 0)
