"""What the engine has room for. More is refused: by the checker at its place, or else by the compiler."""

from collections.abc import Iterator

from streams.engine.ground import MOST_CARRIED, MOST_FRAMEWORKS
from streams.engine.instants import DAY_MS
from streams.engine.kinds.signals import DAYS_KEPT
from streams.model.definition import Framework, Model
from streams.model.fields import Notes
from streams.model.sections import Draft
from streams.model.tree import at_path, key_at
from streams.model.walk import Path, rules, terms

MOST_STAGES = 62  # sets of stages are bits of a 64-bit number, of which the lowest stands for none
MOST_QUESTIONS = 62  # so are the questions that one touchpoint answers
MOST_FOLLOWS = 24  # each may carry a signal of its own, beside those of the touchpoint
LONGEST_GRACE_MS = (DAYS_KEPT - 1) * DAY_MS  # further back a row does not know which days it has counted
BUILT_IN = 2  # activity and session may be carried beside what an entry gives


def check_limits(notes: Notes, draft: Draft) -> None:
    """Note everything of which there is more than the engine has room for."""
    for path, reason in excesses(draft.model):
        match path:
            case ("touchpoints", int(number), *rest):
                notes.add(at_path(draft.entries[number], tuple(rest)), reason)
            case _:
                notes.add(key_at(draft.tree, path), reason)


def excesses(model: Model) -> Iterator[tuple[Path, str]]:
    """Yield where a model has more of something than the engine has room for, and how much it may have."""
    for framework in model.frameworks[MOST_FRAMEWORKS:]:
        count = len(model.frameworks)
        reason = f"a model may have at most {MOST_FRAMEWORKS} frameworks and sets of levels, not {count}"
        yield _key_of(framework), reason
    for framework in model.frameworks:
        count = len(framework.stages) + len(framework.exits)
        if count > MOST_STAGES:
            reason = f"a framework may have at most {MOST_STAGES} stages and exits, not {count}"
            yield _key_of(framework), reason
    deep = _looking_back(model)
    for placed in rules(model):
        for term in terms(placed.rule.node):
            circle = placed.role == "score" and placed.owner == term.name  # refused as such
            if term.kind == "score_at" and term.name in deep and not circle:
                reason = (
                    f"{term.text} looks back at a score that looks back itself; "
                    f"only scores without such terms are kept at midnights, and {term.name} has one"
                )
                yield placed.path, reason
    if len(model.questions) > MOST_QUESTIONS:
        reason = f"a model may have at most {MOST_QUESTIONS} questions, not {len(model.questions)}"
        yield ("answers",), reason
    if len(model.follows) > MOST_FOLLOWS:
        yield ("follow",), f"a model may have at most {MOST_FOLLOWS} follows, not {len(model.follows)}"
    if model.settings.grace_ms > LONGEST_GRACE_MS:
        yield ("settings", "grace"), f"grace may be at most {LONGEST_GRACE_MS // DAY_MS}d"
    most_signals = MOST_CARRIED - BUILT_IN - min(len(model.follows), MOST_FOLLOWS)
    for number, entry in enumerate(model.touchpoints):
        if len(entry.signals) > most_signals:
            reason = (
                f"an entry of this model may give at most {most_signals} signals, not {len(entry.signals)}: "
                f"{MOST_CARRIED} less the built-in ones and a signal for each follow"
            )
            yield ("touchpoints", number, "signals"), reason


def _looking_back(model: Model) -> set[str]:
    """Return the scores that read a score at a past midnight, directly or through others."""
    behind = {("score", score.name): score.value for score in model.scores}
    behind |= {("dimension", each.name): each.value for each in model.dimensions if each.value is not None}
    read = {thing: list(terms(rule.node)) for thing, rule in behind.items()}
    found = {thing for thing, each in read.items() if any(term.kind == "score_at" for term in each)}
    while more := {
        thing
        for thing, each in read.items()
        if thing not in found and any((term.kind, term.name) in found for term in each)
    }:
        found |= more
    return {name for kind, name in found if kind == "score"}


def _key_of(framework: Framework) -> Path:
    return ("levels" if framework.levels else "frameworks", framework.name)
