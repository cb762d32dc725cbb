"""Rules are parsed into trees, with the column of every part; what is outside the language is refused."""

import pytest

from streams.model.expression import (
    And,
    Arithmetic,
    Compare,
    Constant,
    Default,
    Fold,
    Holds,
    Known,
    Negative,
    Node,
    Not,
    Or,
    Term,
    Text,
    Window,
)
from streams.model.parse import parse_expression
from streams.model.problems import ModelError
from streams.model.tokens import LENGTH_LIMIT, PARENTHESES_LIMIT, duration_ms
from tests.model.planted import MARK, bare

DAY = 86_400_000
A, B = Term(kind="dimension", name="a"), Term(kind="dimension", name="b")
EVER_A, EVER_B, EVER_C = (Term(kind="ever", name=name) for name in "abc")


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("score.engagement", Term(kind="score", name="engagement")),
        ("score.engagement@7d", Term(kind="score_at", name="engagement", back_ms=7 * DAY)),
        ("score.engagement@48h", Term(kind="score_at", name="engagement", back_ms=2 * DAY)),
        ("dimension.attention", Term(kind="dimension", name="attention")),
        ("attention", Term(kind="dimension", name="attention")),
        ("type.emotional", Term(kind="type", name="emotional")),
        ("trait.plan", Term(kind="trait", name="plan")),
        ("trait.address.country", Term(kind="trait", name="address.country")),
        ("stage.clm", Term(kind="stage", name="clm")),
        ("rhythm", Term(kind="rhythm")),
        ("p_alive", Term(kind="p_alive")),
        ("tenure", Term(kind="tenure")),
        ("count(visit)", Term(kind="count", name="visit")),
        ("count(visit, 30d)", Term(kind="count", name="visit", window=Window(30, "d"))),
        ("count(visit, 6h)", Term(kind="count", name="visit", window=Window(6, "h"))),
        ("count(visit, 4w, ago=4w)", Term(kind="count", name="visit", window=Window(4, "w"), ago=4)),
        ("count(visit, 14d, ago=2w)", Term(kind="count", name="visit", window=Window(14, "d"), ago=14)),
        ("sum(purchase, 30d, ago = 30d)", Term(kind="sum", name="purchase", window=Window(30, "d"), ago=30)),
        ("days(visit)", Term(kind="days", name="visit")),
        ("days(visit, 28d)", Term(kind="days", name="visit", window=Window(28, "d"))),
        ("days_active(2d)", Term(kind="days_active", window=Window(2, "d"))),
        ("days_active(4w, ago=4w)", Term(kind="days_active", window=Window(4, "w"), ago=4)),
        ("channels(30d)", Term(kind="channels", window=Window(30, "d"))),
        ("sessions(7d)", Term(kind="sessions", window=Window(7, "d"))),
        ("seen(pages, 28d)", Term(kind="seen", name="pages", window=Window(28, "d"))),
        ("since(reply.closed)", Term(kind="since", name="reply.closed")),
        ("ever(visit)", Term(kind="ever", name="visit")),
        ("first(visit)", Term(kind="first", name="visit")),
        ("last(visit)", Term(kind="last", name="visit")),
        ("answer(nps)", Term(kind="answer", name="nps")),
        ("follow(reply)", Term(kind="follow", name="reply")),
        ("until(trait.renewal)", Term(kind="until", name="renewal")),
    ],
)
def test_a_term_is_read_with_its_name_window_and_text(text: str, term: Term) -> None:
    """Every term of the language has one spelling, and keeps it for reasons."""
    rule = parse_expression(text)

    assert bare(rule.node) == term
    assert isinstance(rule.node, Term)
    assert rule.node.text == text
    assert rule.text == text


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("3", Constant(3.0)),
        ("2.5e1", Constant(25.0)),
        (".5", Constant(0.5)),
        ("-3", Constant(-3.0)),
        ("-0", Constant(0.0)),
        ("7d", Constant(7.0 * DAY, "duration")),
        ("1.5h", Constant(5_400_000.0, "duration")),
        ("250ms", Constant(250.0, "duration")),
        ("30s", Constant(30_000.0, "duration")),
        ("2m", Constant(120_000.0, "duration")),
        ("2w", Constant(14.0 * DAY, "duration")),
        ("-tenure", Negative(Term(kind="tenure"))),
        ("'x 7d @ #'", Text("x 7d @ #")),
        ('"it\'s"', Text("it's")),
        ("''", Text("")),
        ("  a", A),
        ("a + b * 2", Arithmetic("+", A, Arithmetic("*", B, Constant(2.0)))),
        ("(a - b) / 2", Arithmetic("/", Arithmetic("-", A, B), Constant(2.0))),
        ("min(a, b)", Fold("min", (A, B))),
        ("max(a)", Fold("max", (A,))),
        ("mean(a, b, a)", Fold("mean", (A, B, A))),
        ("default(a, 7)", Default(A, Constant(7.0))),
        ("known(rhythm)", Known(Term(kind="rhythm"))),
        (
            "holds(ever(a), a > 2) >= 2",
            Compare(">=", Holds((EVER_A, Compare(">", A, Constant(2.0)))), Constant(2.0)),
        ),
        ("a < b", Compare("<", A, B)),
        ("a <= b", Compare("<=", A, B)),
        ("a > b", Compare(">", A, B)),
        ("a >= b", Compare(">=", A, B)),
        ("a == b", Compare("==", A, B)),
        ("a != b", Compare("!=", A, B)),
        ("not a > b", Not(Compare(">", A, B))),
        ("1 <= a < 2", And((Compare("<=", Constant(1.0), A), Compare("<", A, Constant(2.0))))),
        ("ever(a) and (ever(b) and ever(c))", And((EVER_A, EVER_B, EVER_C))),
        ("ever(a) or (ever(b) or ever(c))", Or((EVER_A, EVER_B, EVER_C))),
        ("ever(a) or ever(b) and ever(c)", Or((EVER_A, And((EVER_B, EVER_C))))),
    ],
)
def test_a_form_is_read_as_its_tree(text: str, node: Node) -> None:
    """Precedence is Python's; chains are joined by and; inner and / or are laid flat."""
    assert bare(parse_expression(text).node) == node


def test_every_part_of_a_rule_has_its_column() -> None:
    """Columns count characters of the text as written, whatever was replaced for Python's grammar."""
    node = parse_expression("  score.x@28d >= 7 and 'é' == trait.plan or since(b) < 1.5h").node

    assert isinstance(node, Or)
    first, second = node.conditions
    assert isinstance(first, And)
    score, text = first.conditions
    assert isinstance(score, Compare)
    assert isinstance(text, Compare)
    assert isinstance(second, Compare)
    assert (score.column, score.left.column, score.right.column) == (3, 3, 18)
    assert (text.left.column, text.right.column) == (24, 31)
    assert (second.left.column, second.right.column) == (45, 56)


@pytest.mark.parametrize(
    ("marked", "reason", "suggestion"),
    [
        ("▸", "the rule is empty", "remove it, or write a condition"),
        ("▸   ", "the rule is empty", "remove it, or write a condition"),
        ("a ▸= 3", "= assigns; a rule compares", "write =="),
        ("a ▸& b", "& is not part of the language", "write and"),
        ("▸! a", "! is not part of the language", "write not, or != for unequal"),
        ("a ▸AND b", "AND is not part of the language", "write and"),
        ("a > 1 and ▸true", "true is not part of the language", "leave a rule away that is always true"),
        ("a ▸** 2 > 1", "** is not part of the language", "only + - * / are known"),
        ("a ▸# comment", "# is not part of the language", ""),
        ("▸__ > 1", "__ is not a name", ""),
        ("▸7days > 1", "7days is neither a number nor a duration", "units are ms, s, m, h, d, w: 30d, 24h"),
        (
            "tenure > ▸7d.5",
            "7d.5 is neither a number nor a duration",
            "units are ms, s, m, h, d, w: 30d, 24h",
        ),
        ("trait.x == ▸'pro", "this ' is never closed", "close the text with the same quote"),
        ("▸(a > 1", "this ( is never closed", "add the )"),
        ("a > 1▸)", "this ) closes nothing", "remove it, or add the ( before"),
        ("score.x ▸@ 7d > 1", "@ stands between a score and a duration", "write score.engagement@7d"),
        ("score.x▸@7 > 1", "@ stands between a score and a duration", "write score.engagement@7d"),
        ("score.x▸@", "@ stands between a score and a duration", "write score.engagement@7d"),
        ("  a ▸3", "the rule cannot be read from here on", None),
        ("a ▸> ", "the rule cannot be read from here on", "something is missing at the end"),
        ("a > 1 ▸b > 2 and c > 3", None, None),
        ("lambda▸: a", ": is not part of the language", ""),
        ("▸a > 1 if b else c", "a > 1 if b else c is not part of the language", ""),
        ("a ▸// b > 1", "// is not part of the language", "only + - * / are known"),
        ("▸(a, b)", "(a, b) is not part of the language", ""),
        ("▸+a > 1", "+a is not part of the language", ""),
        ("▸None", "None is not part of the language", ""),
        ("a > ▸...", "... is not part of the language", ""),
        ("a is ▸b", "is and in do not compare here", "write … == 'a' or … == 'b'"),
        ("▸1e301 > a", "this number is too large", ""),
        ("▸0.5ms > tenure", "a duration is a whole number of milliseconds, at most 100 years", ""),
        ("▸36526d > tenure", "a duration is a whole number of milliseconds, at most 100 years", ""),
        ("▸count > 1", "count needs arguments", "write count(purchase, 30d)"),
        ("▸known", "known needs arguments", "write known(rhythm)"),
        ("▸score > 1", "score needs a name", "write score.name"),
        ("▸attention@7d > 1", "only a score is kept at midnights", "write score.engagement@7d"),
        ("▸dimension.a@7d > 1", "only a score is kept at midnights", "write score.engagement@7d"),
        ("▸score.a.b@7d > 1", "only a score is kept at midnights", "write score.engagement@7d"),
        ("score.a@▸36h > 1", "a score is kept at UTC midnights", "write whole days, such as @7d"),
        ("score.a@▸0d > 1", "a score is kept at UTC midnights", "write whole days, such as @7d"),
        ("score.a@▸36526d > 1", "a score is kept at UTC midnights", "write whole days, such as @7d"),
        ("▸scor.a > 1", "scor.a is not a term", "did you mean score?"),
        ("▸score.a.b > 1", "score. takes one name", "write score.a"),
        (
            "▸ever(a).b > 1",
            "ever(a).b is not a term",
            "terms with a dot: dimension, score, stage, trait, type",
        ),
        ("score.a▸@7d.b > 1", "@ stands between a score and a duration", None),
        ("▸cout(a) > 1", "cout is not a function", "did you mean count?"),
        ("▸rhythm() > 1", "rhythm is not a function", "write rhythm without parentheses"),
        ("▸a.b() > 1", "a.b is not a function", None),
        ("▸__import__(a)", "__import__ is not a function", None),
        ("min(key▸=a) > 1", "= assigns; a rule compares", "write =="),
        ("▸min(a, ago=b) > 1", "min takes no named argument", "write min(rhythm, 14d)"),
        ("▸min() > 1", "min takes another number of arguments", "write min(rhythm, 14d)"),
        ("▸holds() > 1", "holds takes another number of arguments", None),
        ("▸default(a) > 1", "default takes another number of arguments", "write default(answer(nps), 7)"),
        ("▸known(a, b)", "known takes another number of arguments", "write known(rhythm)"),
        ("▸count() > 1", "count needs the name of a signal", "write count(purchase, 30d)"),
        ("count(▸7d) > 1", "count takes the name of a signal here", "write count(purchase, 30d)"),
        ("count(▸'a') > 1", "count takes the name of a signal here", "write count(purchase, 30d)"),
        ("count(▸a + b) > 1", "count takes the name of a signal here", "write count(purchase, 30d)"),
        ("count(▸score.a@7d) > 1", "count takes the name of a signal here", "write count(purchase, 30d)"),
        ("count(▸ever(a).b) > 1", "count takes the name of a signal here", "write count(purchase, 30d)"),
        ("until(▸renewal) > 1d", "until reads a trait that holds a date", "write until(trait.renewal_date)"),
        ("until(▸trait) > 1d", "until reads a trait that holds a date", "write until(trait.renewal_date)"),
        ("since(a, ▸30d) > 1d", "since takes no window", "write since(purchase)"),
        ("▸since(a, ago=30d) > 1d", "since takes no window", "write since(purchase)"),
        ("▸channels() > 1", "channels needs a window", "write channels(30d)"),
        ("count(a, 30d, ▸30d) > 1", "count takes one window", "a window that lies back has ago=…"),
        ("count(a, ▸30) > 1", "30 is not a window", "write count(purchase, 30d)"),
        ("count(a, ▸30d + 1d) > 1", "30d + 1d is not a window", "write count(purchase, 30d)"),
        ("count(a, ▸30m) > 1", "count counts in panes of h or d or w", "write count(purchase, 30d)"),
        ("days_active(▸24h) > 1", "days_active counts in panes of d or w", "write days_active(30d)"),
        ("count(a, ▸1.5d) > 1", "1.5d is not a whole number of panes, or more than 100 years", None),
        ("count(a, ▸36526d) > 1", "36526d is not a whole number of panes, or more than 100 years", None),
        ("count(a, ▸1h) > 1", "a window has at least 2 panes; 1h is less", "write 2h"),
        ("count(a, ▸1d) > 1", "a window has at least 2 panes; 1d is less", "write 24h, or 2d"),
        ("days_active(▸1d) > 1", "a window has at least 2 panes; 1d is less", "write 2d"),
        ("count(a, ▸1w) > 1", "a window has at least 2 panes; 1w is less", "write 7d, or 2w"),
        ("count(a, 30d, ago=▸30) > 1", "ago takes a duration", "write ago=30d"),
        ("count(a, 30d, ago=▸36h) > 1", "ago is whole panes of the window", "write ago=30d"),
        ("count(a, 4w, ago=▸0w) > 1", "ago is whole panes of the window", "write ago=4w"),
        ("count(a, 4w, ago=▸36526d) > 1", "ago is whole panes of the window", "write ago=4w"),
        ("count(a, ago=▸30d) > 1", "ago moves a window, and here is none", "write count(…, 30d, ago=30d)"),
        ("channels(30d, ago=▸30d) > 1", "channels takes no such argument", "write channels(30d)"),
        ("count(a, 30d, ago=1d, ago=▸1d) > 1", "count takes no such argument", None),
        ("min(▸*a) > 1", "*a is not part of the language", ""),
        ("a▸[1] > 2", "[ is not part of the language", ""),
    ],
)
def test_what_is_outside_the_language_is_refused_at_its_place(
    marked: str, reason: str | None, suggestion: str | None
) -> None:
    """The first fault points at the character where it stands, and says how it is written."""
    text, column = marked.replace(MARK, ""), marked.index(MARK) + 1

    with pytest.raises(ModelError) as raised:
        parse_expression(text, line=4, column=10, file="rules.yaml")

    problem = raised.value.problems[0]
    assert (problem.file, problem.line, problem.column) == ("rules.yaml", 4, 9 + column)
    assert reason is None or problem.reason == reason
    assert suggestion is None or problem.suggestion == suggestion


def test_a_rule_names_all_its_faults() -> None:
    """One round of correction is enough."""
    with pytest.raises(ModelError) as raised:
        parse_expression("cout(a) > 1 and count(b, 1d) > 2 and channels() > 1")

    assert [problem.column for problem in raised.value.problems] == [1, 26, 38]


@pytest.mark.parametrize(
    ("text", "too_much"),
    [
        (f"a > {'1' * 300} or " + "a > 1 or " * 400 + "a > 1", False),
        ("a > 1 or " + " " * LENGTH_LIMIT + "a > 1", True),
        ("(" * PARENTHESES_LIMIT + "a" + ")" * PARENTHESES_LIMIT + " > 1", False),
        ("(" * (PARENTHESES_LIMIT + 1) + "a" + ")" * (PARENTHESES_LIMIT + 1) + " > 1", True),
        ("not " * 55 + "a > 1", False),
        ("not " * 60 + "a > 1", True),
        ("not " * 900 + "a > 1", True),
        ("-" * 3_900 + "a > 1", True),
    ],
)
def test_a_rule_has_bounds(text: str, too_much: bool) -> None:
    """A rule may be long and deep, but never so much that reading it could fail in another way."""
    if too_much:
        with pytest.raises(ModelError, match=r"nested too deep|more than"):
            parse_expression(text)
    else:
        parse_expression(text)


def test_a_duration_is_a_number_with_a_unit() -> None:
    """Whoever calls it with something else has a bug."""
    assert duration_ms("1.5d") == 1.5 * DAY

    with pytest.raises(ValueError, match="not a duration"):
        duration_ms("1 d")
