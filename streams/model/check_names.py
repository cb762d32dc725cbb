"""Check that every name a rule or a section refers to is defined, and fits where it stands."""

from streams.model.definition import Alert
from streams.model.expression import Compare, Term, Text
from streams.model.fields import Notes
from streams.model.message import ALWAYS_KNOWN, OF_TRANSITIONS, placeholders
from streams.model.names import Names
from streams.model.problems import did_you_mean, suggest
from streams.model.sections import Draft
from streams.model.terms import BARE, CALLS, FOLLOW_STATES, name_offset
from streams.model.tree import Scalar, Sequence, Tree, at_path, child
from streams.model.walk import Path, Placed, nodes, rules, stages_with_paths, terms

NAMELESS = frozenset({"trait", "until", "unreadable", "p_alive", "rhythm", "tenure"})
# What a kind of term reads, in words.
WORD_OF = {
    "score": "score",
    "score_at": "score",
    "dimension": "dimension",
    "type": "type",
    "stage": "framework",
    "answer": "question",
    "seen": "set",
    "follow": "follow",
}
BUILT_IN = ("activity", "session")


def check_names(notes: Notes, draft: Draft, names: Names) -> None:
    """Note every name that nothing defines."""
    for placed in rules(draft.model):
        tree = at_path(draft.tree, placed.path)
        for node in nodes(placed.rule.node):
            if isinstance(node, Term):
                check_term(notes, draft, names, placed, node, tree)
            elif isinstance(node, Compare):
                check_text(notes, names, node, tree)
    check_entries(notes, draft, names)
    check_frameworks(notes, draft, names)
    check_follows(notes, draft, names)
    check_alerts(notes, draft, names)


def check_term(notes: Notes, draft: Draft, names: Names, placed: Placed, term: Term, tree: Tree) -> None:
    """Note a term whose name is unknown."""
    if term.kind == "p_alive" and draft.model.p_alive is None:
        reason = "p_alive has no parameters"
        hint = "add p_alive: {signal: purchase, r: …, alpha: …, a: …, b: …, unit: 7d}"
        notes.add(tree, reason, hint, offset=term.column - 1)
    if term.kind in NAMELESS or (CALLS.get(term.kind) is not None and not CALLS[term.kind].reads):
        return
    if is_bare(term):
        check_bare(notes, names, placed, term, tree)
    elif term.name not in names.of(term.kind):
        word = WORD_OF.get(term.kind, "signal")
        reason = f"no {word} is called {term.name}"
        if word == "signal":
            reason = f"no entry gives the signal {term.name}"
        hint = suggest(term.name, names.of(term.kind), kind=f"{word}s")
        notes.add(tree, reason, hint, offset=name_offset(term))


def is_bare(term: Term) -> bool:
    """Whether a term is a word alone: a dimension, where bare dimensions are allowed."""
    return term.kind == "dimension" and term.text == term.name


def check_bare(notes: Notes, names: Names, placed: Placed, term: Term, tree: Tree) -> None:
    """Note a bare word that is no dimension, or that stands where dimensions are not bare."""
    offset = term.column - 1
    if term.name in names.dimension:
        if placed.role in ("stage", "alert"):
            reason = f"{term.name} alone means a dimension in scores only"
            notes.add(tree, reason, f"write dimension.{term.name}", offset=offset)
        return
    for kind, known in (("score", names.score), ("type", names.type), ("stage", frozenset(names.stages))):
        if term.name in known:
            hint = f"write {kind}.{term.name}"
            notes.add(tree, f"{term.name} alone is not a term", hint, offset=offset)
            return
    hint = did_you_mean(term.name, names.dimension | BARE.keys())
    if term.name in names.signal:
        hint = f"write count({term.name}, 30d), or ever({term.name})"
    reason = f"{term.name} is not known"
    notes.add(tree, reason, hint or suggest(term.name, names.dimension, kind="dimensions"), offset=offset)


def check_text(notes: Notes, names: Names, node: Compare, tree: Tree) -> None:
    """Note a stage or an outcome of a follow that does not exist."""
    for term, text in ((node.left, node.right), (node.right, node.left)):
        if not isinstance(term, Term) or not isinstance(text, Text):
            continue
        if term.kind == "stage" and term.name in names.stages:
            known, what = names.stages[term.name], f"stage of {term.name}"
        elif term.kind == "follow":
            known, what = FOLLOW_STATES, "outcome of a follow"
        else:
            continue
        if text.value not in known:
            hint = suggest(text.value, known, kind="known")
            notes.add(tree, f"{text.value} is no {what}", hint, offset=text.column - 1)


def check_entries(notes: Notes, draft: Draft, names: Names) -> None:
    """Note dimensions that do not exist or take no points, signals that are built in, scales that differ."""
    with_points = {
        dimension.name for dimension in draft.model.dimensions if dimension.value is None or dimension.half_at
    }
    scales: dict[str, tuple[float, float]] = {}
    for entry, tree in zip(draft.model.touchpoints, draft.entries, strict=True):
        for name, _ in entry.dimensions:
            if name not in names.dimension:
                hint = suggest(name, names.dimension, kind="dimensions")
                notes.add(key_of(tree, "dimensions", name), f"no dimension is called {name}", hint)
            elif name not in with_points:
                reason = f"{name} is an expression and takes no points"
                notes.add(key_of(tree, "dimensions", name), reason, "give it half_life and half_at")
        for name, _ in entry.signals:
            if name in BUILT_IN:
                notes.add(key_of(tree, "signals", name), f"{name} is a built-in signal", f"write {name}_")
        for name in entry.forward:
            if name not in {signal for signal, _ in entry.signals}:
                notes.add(key_of(tree, "forward", name), f"this entry gives no signal {name} to forward")
        for source in entry.answers:
            scale = scales.setdefault(source.question, (source.low, source.high))
            if scale != (source.low, source.high):
                reason = f"another entry answers {source.question} from {scale[0]:g} to {scale[1]:g}"
                hint = "scales do not mix: give one of them a name of its own"
                notes.add(key_of(tree, "answers", source.question), reason, hint)


def key_of(tree: Tree, section: str, name: str) -> Tree:
    """Return where a name stands in a section of an entry: as a key, or as a member of a list."""
    part = child(tree, section) or tree
    if isinstance(part, Sequence):
        named = (item for item in part.items if isinstance(item, Scalar) and item.value == name)
        return next(named, part)
    return key_in(part, name)


def key_in(tree: Tree, name: str) -> Tree:
    """Return the key `name` of a mapping, or the mapping itself."""
    pairs = getattr(tree, "pairs", ())
    return next((key for key, _ in pairs if key.value == name), tree)


def check_signal(notes: Notes, names: Names, name: str, tree: Tree) -> None:
    """Note a signal that nothing gives."""
    if name not in names.signal:
        hint = suggest(name, names.signal, kind="signals")
        notes.add(tree, f"no entry gives the signal {name}", hint)


def check_frameworks(notes: Notes, draft: Draft, names: Names) -> None:
    """Note hard signals, upon signals and stages in `from` that do not exist."""
    for framework in draft.model.frameworks:
        for name in framework.hard:
            tree = key_of(at_path(draft.tree, ("frameworks", framework.name)), "hard", name)
            check_signal(notes, names, name, tree)
        for path, stage in stages_with_paths(framework):
            if stage.upon is not None:
                check_signal(notes, names, stage.upon, at_path(draft.tree, (*path, "upon")))
            for name in stage.from_stages:
                known = [other for other in names.stages[framework.name] if other != stage.name]
                if name not in known:
                    tree = key_of(at_path(draft.tree, path), "from", name)
                    reason = f"{name} is no other stage of {framework.name}"
                    notes.add(tree, reason, suggest(name, known, kind="stages"))


def check_follows(notes: Notes, draft: Draft, names: Names) -> None:
    """Note follows and p_alive that hang on signals that nothing gives."""
    for follow in draft.model.follows:
        path: Path = ("follow", follow.name)
        check_signal(notes, names, follow.open, at_path(draft.tree, (*path, "open")))
        check_signal(notes, names, follow.close, at_path(draft.tree, (*path, "close")))
    if draft.model.p_alive is not None:
        check_signal(notes, names, draft.model.p_alive.signal, at_path(draft.tree, ("p_alive", "signal")))


def check_alerts(notes: Notes, draft: Draft, names: Names) -> None:
    """Note alerts that hang on what does not exist, and messages with names that nothing fills."""
    for alert in draft.model.alerts:
        path: Path = ("alerts", alert.name)
        upon = at_path(draft.tree, (*path, "upon"))
        if alert.upon_signal is not None and alert.upon_signal not in names.signal:
            tree = child(upon, "signal") or upon
            known = names.signal | names.question
            hint = suggest(alert.upon_signal, known, kind="signals and questions")
            notes.add(tree, f"no signal and no question is called {alert.upon_signal}", hint)
        if alert.upon_question is not None and alert.upon_question not in names.question:
            tree = child(upon, "question") or upon
            hint = suggest(alert.upon_question, names.question, kind="questions")
            notes.add(tree, f"no question is called {alert.upon_question}", hint)
        check_transition(notes, draft, names, alert)
        known_fillers = fillers(names, alert)
        for offset, name in placeholders(alert.message):
            if name not in known_fillers:
                hint = did_you_mean(name, known_fillers) or "a message knows what the alert's when reads"
                tree = at_path(draft.tree, (*path, "message"))
                notes.add(tree, f"nothing fills {{{name}}}", hint, offset=offset)


def fillers(names: Names, alert: Alert) -> set[str]:
    """Return what the message of an alert may name."""
    found = {*ALWAYS_KNOWN, *(f"score.{name}" for name in names.score)}
    # A framework of flags has no single stage to name.
    found |= {f"stage.{name}" for name in names.stages if name not in names.flags}
    if alert.upon_transition is not None:
        found.update(OF_TRANSITIONS)
    if alert.when is not None:
        found.update(term.text for term in terms(alert.when.node))
    return found


def check_transition(notes: Notes, draft: Draft, names: Names, alert: Alert) -> None:
    """Note a transition of a framework or between stages that do not exist."""
    pattern = alert.upon_transition
    if pattern is None:
        return
    upon = at_path(draft.tree, ("alerts", alert.name, "upon"))
    if pattern.framework not in names.stages:
        hint = suggest(pattern.framework, names.stages, kind="frameworks")
        notes.add(child(upon, "transition") or upon, f"no framework is called {pattern.framework}", hint)
        return
    known = names.stages[pattern.framework]
    for key, wanted in (("to", pattern.to), ("except_to", pattern.except_to), ("from", pattern.from_stages)):
        for name in wanted:
            if name not in known:
                hint = suggest(name, known, kind="stages")
                notes.add(key_of(upon, key, name), f"{name} is no stage of {pattern.framework}", hint)
    if pattern.to and set(pattern.to) <= set(pattern.except_to):
        notes.add(
            child(upon, "except_to") or upon, "every stage in to is excepted again", "remove one of the two"
        )
