"""Check what is read and what is not, circles, and rules whose instant cannot be exact."""

from streams.model.check_names import key_of
from streams.model.definition import Model
from streams.model.expression import Arithmetic, Node
from streams.model.fields import Notes
from streams.model.order import Thing, circle, readings
from streams.model.render import render
from streams.model.sections import Draft
from streams.model.terms import CALLS
from streams.model.tree import Tree, at_path, key_at
from streams.model.walk import framework_path, nodes, rules, terms

MOVING = frozenset({"score", "dimension", "since", "tenure", "until", "p_alive"})
PANES_LIMIT = 400
# Recency, frequency and monetary value are read without a rule; the built-in two are never an entry's.
READ_WITHOUT_RULE = frozenset({"purchase", "activity", "session"})


def check_usage(notes: Notes, draft: Draft) -> None:
    """Note everything that is said and never used, and what refers to itself."""
    if not any(
        term.kind == "unreadable" for placed in rules(draft.model) for term in terms(placed.rule.node)
    ):
        # Otherwise what only the unreadable rule reads would seem to be read by nothing.
        check_signals(notes, draft)
        check_sources(notes, draft)
    check_circles(notes, draft)
    check_rules(notes, draft)


def signals_read(model: Model) -> set[str]:
    """Return the signals that something reads."""
    read = set(READ_WITHOUT_RULE)
    for placed in rules(model):
        for term in terms(placed.rule.node):
            if term.kind in CALLS and CALLS[term.kind].reads == "signal":
                read.add(term.name)
    for framework in model.frameworks:
        read.update(framework.hard)
        read.update(stage.upon for stage in (*framework.stages, *framework.exits) if stage.upon is not None)
    read.update(alert.upon_signal for alert in model.alerts if alert.upon_signal is not None)
    for follow in model.follows:
        read.update((follow.open, follow.close))
    if model.p_alive is not None:
        read.add(model.p_alive.signal)
    return read | {name for entry in model.touchpoints for name in entry.forward}


def check_signals(notes: Notes, draft: Draft) -> None:
    """Note signals that nothing reads; one with an amount is a figure of its own and needs no reader."""
    read = signals_read(draft.model)
    measured = {name for entry in draft.model.touchpoints for name, amount in entry.signals if amount.paths}
    for entry, tree in zip(draft.model.touchpoints, draft.entries, strict=True):
        for name, _ in entry.signals:
            if name not in read and name not in measured:
                read.add(name)
                reason = f"nothing reads the signal {name}"
                notes.warn(key_of(tree, "signals", name), reason, "use it in a rule, or remove it")


def check_sources(notes: Notes, draft: Draft) -> None:
    """Note dimensions without points, questions without answers, and sets and follows that nothing reads."""
    model = draft.model
    fed = {name for entry in model.touchpoints for name, _ in entry.dimensions}
    for dimension in model.dimensions:
        if dimension.value is None and dimension.name not in fed:
            key = key_at(draft.tree, ("dimensions", dimension.name))
            notes.warn(
                key, f"no entry gives points to {dimension.name}", "it will stay at 0: feed it, or remove it"
            )
    answered = {source.question for entry in model.touchpoints for source in entry.answers}
    for question in model.questions:
        if question.name not in answered:
            key = key_at(draft.tree, ("answers", question.name))
            notes.warn(key, f"no entry answers {question.name}", "add answers: to an entry, or remove it")
    read = {(term.kind, term.name) for placed in rules(model) for term in terms(placed.rule.node)}
    told: set[str] = set()
    for entry, tree in zip(model.touchpoints, draft.entries, strict=True):
        for name, _ in entry.seen:
            if ("seen", name) not in read and name not in told:
                told.add(name)
                notes.warn(
                    key_of(tree, "seen", name),
                    f"nothing reads the set {name}",
                    "use it in a rule, or remove it",
                )
    signals = signals_read(model)
    for follow in model.follows:
        if ("follow", follow.name) not in read and not {
            f"{follow.name}.closed",
            f"{follow.name}.expired",
        } & signals:
            key = key_at(draft.tree, ("follow", follow.name))
            notes.warn(key, f"nothing reads the follow {follow.name}", "use it in a rule, or remove it")
    if model.p_alive is not None and ("p_alive", "") not in read:
        notes.warn(
            key_at(draft.tree, ("p_alive",)), "nothing reads p_alive", "use it in a rule, or remove it"
        )


def check_circles(notes: Notes, draft: Draft) -> None:
    """Note dimensions, scores and frameworks that refer to each other in a circle."""
    things = readings(draft.model)
    while found := circle(things):
        text = " reads ".join(spelled(thing) for thing in found)
        notes.add(
            place_of(draft, found[0]), f"a circle: {text}", "break it: one of them must do without the next"
        )
        things = {thing: read - set(found) for thing, read in things.items() if thing not in found}


def spelled(thing: Thing) -> str:
    """Return how a rule refers to a dimension, score or framework."""
    kind, name = thing
    return f"{'stage' if kind == 'framework' else kind}.{name}"


def place_of(draft: Draft, thing: Thing) -> Tree:
    """Return the key under which a dimension, score or framework stands."""
    kind, name = thing
    if kind != "framework":
        return key_at(draft.tree, (f"{kind}s", name))
    framework = next(framework for framework in draft.model.frameworks if framework.name == name)
    return key_at(draft.tree, framework_path(framework, "stages")[:2])


def check_rules(notes: Notes, draft: Draft) -> None:
    """Note rules whose instant cannot be exact, and windows that cost much."""
    for placed in rules(draft.model):
        tree = at_path(draft.tree, placed.path)
        is_value = placed.role in ("score", "dimension")
        for node in nodes(placed.rule.node):
            if not is_inexact(node):
                continue
            reason = f"{render(node)[:80]} multiplies or divides by what moves by itself"
            if is_value:
                hint = "take means, sums or fixed weights of scores and dimensions"
                notes.add(
                    tree, f"{reason}: a score must be exact at every instant", hint, offset=node.column - 1
                )
            else:
                hint = "compare sums or fixed multiples, or live with the midnight"
                notes.warn(
                    tree, f"{reason}: the rule is read once a day, at midnight", hint, offset=node.column - 1
                )
        for term in terms(placed.rule.node):
            if term.window is not None and term.window.size + term.ago > PANES_LIMIT:
                reason = f"{term.text} keeps {term.window.size + term.ago} panes for each customer"
                notes.warn(tree, reason, "take a coarser unit: weeks (w) or days (d)", offset=term.column - 1)


def is_inexact(node: Node) -> bool:
    """Whether a node multiplies two moving sides, or divides by a moving one."""
    if not isinstance(node, Arithmetic):
        return False
    return (node.op == "*" and moves(node.left) and moves(node.right)) or (
        node.op == "/" and moves(node.right)
    )


def moves(node: Node) -> bool:
    """Whether a value changes by itself between breakpoints."""
    return any(term.kind in MOVING for term in terms(node))
