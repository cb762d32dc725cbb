"""Models for tests with a fault planted in them: the mark ▸ stands before the character to be named."""

import msgspec

from streams.model.expression import Node
from streams.model.load import Checked, check_text
from streams.model.problems import Problem

MARK = "▸"
SECTIONS = {
    "touchpoints": """
  - {event: Order Completed, type: transactional, signals: {purchase: properties.revenue}}
  - {event: Page Viewed, type: cognitive, signals: [visit], dimensions: {attention: 1}}
  - event: NPS Answered
    answers: {nps: {value: properties.score, scale: 0-10}}
    seen: {pages: properties.page}
""",
    "dimensions": "{attention: {half_life: 14d, half_at: 12}}",
    "scores": "{engagement: attention}",
    "answers": "{nps: {window: 90d}}",
    "follow": "{reply: {open: visit, close: purchase, within: 7d}}",
    "frameworks": """
  clm:
    kind: ladder
    stages:
      awareness: {}
      engaged: {when: "score.engagement >= 20 or count(visit, 30d) >= 3"}
      buyer: {when: "since(purchase) < 30d"}
    exits:
      dormant: {when: "since(activity) > 60d"}
  aarrr:
    kind: flags
    stages:
      revenue: {when: "ever(purchase)"}
      retained: {when: "days_active(28d) >= 4"}
""",
    "alerts": """
  detractor: {kind: event, upon: nps, when: "answer(nps) <= 6", cooldown: 1d, message: "{customer}"}
  waiting:
    kind: state
    when: "follow(reply) == 'open' and seen(pages, 30d) >= 2"
    cooldown: 1d
    message: "{customer} waits"
""",
}


def model(**sections: str) -> str:
    """Return a model without any problem, with some of its sections replaced or added ("" leaves one out)."""
    parts = SECTIONS | sections
    return "model: test\nversion: 1\n" + "".join(f"{key}: {text}\n" for key, text in parts.items() if text)


def with_rule(rule: str) -> str:
    """Return the model with an alert that reads a rule (on a line of its own)."""
    alert = f"\n  test:\n    kind: state\n    cooldown: 1d\n    message: test\n    when: >-\n      {rule}\n"
    return model(alerts=SECTIONS["alerts"] + alert.removeprefix("\n"))


def with_score(rule: str) -> str:
    """Return the model with a second score."""
    return model(scores=f"\n  engagement: attention\n  test: >-\n    {rule}\n")


def checked(text: str) -> Checked:
    """Check a text without its mark."""
    return check_text(text.replace(MARK, ""), name="test.yaml")


def problems(text: str) -> list[Problem]:
    """Return what is found in a text."""
    return list(checked(text).problems)


def at_mark(text: str, *, severity: str = "error") -> Problem:
    """Return the one problem that is found in a text; it must point at the mark."""
    line, column = place(text)
    found = problems(text)

    assert [(problem.line, problem.column, problem.severity) for problem in found] == [
        (line, column, severity)
    ], "\n".join(str(problem) for problem in found)
    assert found[0].file == "test.yaml"
    return found[0]


def place(text: str) -> tuple[int, int]:
    """Return line and column (from 1) of the mark."""
    before = text[: text.index(MARK)]
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1


def reasons(text: str) -> list[str]:
    """Return the reasons of all problems, in order."""
    return [problem.reason for problem in problems(text)]


def bare(node: Node) -> Node:
    """Return a tree without columns and without the texts of its terms."""
    plain: Node = msgspec.convert(strip(msgspec.to_builtins(node)), Node)
    return plain


def strip(value: object) -> object:
    """Return a plain value without columns and texts."""
    if isinstance(value, dict):
        return {key: strip(inner) for key, inner in value.items() if key not in ("column", "text")}
    return [strip(inner) for inner in value] if isinstance(value, (list, tuple)) else value
