"""YAML is read into a tree with places; what a model must not hold is refused with its line and column."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from streams.model.load import check_text, load_model_text
from streams.model.problems import ModelError
from streams.model.read import DEPTH_LIMIT, TEXT_LIMIT, read_text
from streams.model.tree import (
    Mapping,
    Scalar,
    Sequence,
    at_path,
    child,
    index_of,
    is_null,
    key_at,
    problem_at,
)
from tests.model.planted import MARK, at_mark, model, place, reasons, with_rule


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("model: a\n▸model: b\n", "the key model stands twice (first in line 1)"),
        ("model: a\nscores: {x: 1,\n  ▸x: 2}\n", "the key x stands twice (first in line 2)"),
        ("model: a\n? ▸[a, b]\n: c\n", "a key must be a text"),
        ("model: a\nscores: ▸!!python/object:os.system {}\n", None),
        ("model: ▸!!str a\n", "tags such as tag:yaml.org,2002:str are not part of the model language"),
        ("model: a\n▸---\nmodel: b\n", "a second document: one file is one model"),
        ("model: ▸*name\n", "*name is used before &name is defined"),
        ("model: a\nscores: {x: ▸", None),
        ("model: a\n▸\tscores: x\n", None),
        ("model: ▸a: b\n", None),
        ("model: '▸", None),
        ("▸", "the file is empty"),
        ("▸# nothing\n", "the file is empty"),
        ("▸- a\n- b\n", "a model is keys and values"),
        ("▸just a text\n", "a model is keys and values"),
    ],
)
def test_what_yaml_allows_and_a_model_must_not_hold_is_refused(text: str, reason: str | None) -> None:
    """Each with the place where it stands."""
    line, _ = place(text)

    problems = check_text(text.replace(MARK, "")).problems

    assert problems[0].line == line
    assert reason is None or (problems[0].reason, problems[0].column) == (reason, place(text)[1])
    assert all(problem.severity == "error" for problem in problems)


def test_a_character_that_no_text_may_hold_is_named() -> None:
    """A stray control character is invisible in most editors, so its code is said."""
    problem = check_text("model: a\nversion: \x07 1\n").problems[0]

    assert (problem.line, problem.column, problem.reason) == (
        2,
        10,
        "the character U+0007 is not allowed here",
    )


def nested(levels: int) -> str:
    """Return a model with lists inside each other; the model itself is one level."""
    return "model: a\nsegments: " + "[" * (levels - 1) + "]" * (levels - 1) + "\n"


def test_nesting_has_a_limit() -> None:
    """At the limit it is read; one level deeper it is refused, and two thousand deeper as well."""
    reason = f"more than {DEPTH_LIMIT} levels of nesting"

    assert reason not in [problem.reason for problem in check_text(nested(DEPTH_LIMIT)).problems]
    for levels in (DEPTH_LIMIT + 1, 200, 2_000):
        problems = check_text(nested(levels)).problems
        assert [(problem.reason, problem.line) for problem in problems] == [(reason, 2)]
        assert problems[0].column == len("segments: ") + DEPTH_LIMIT


def test_aliases_of_aliases_do_not_explode() -> None:
    """A few lines of YAML may stand for millions of pieces; they are counted, never unfolded."""
    lines = ["model: bomb", "segments:", "  - &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"  - &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]

    problems = check_text("\n".join(lines)).problems

    assert [problem.reason for problem in problems] == ["more than 100000 pieces, aliases counted out"]
    assert problems[0].line == 7


def test_aliases_are_read_as_what_they_stand_for() -> None:
    """A piece that is used twice need not be written twice."""
    rule = "&bar 'score.engagement >= 20'"
    text = model(
        frameworks=f"""
  clm: {{kind: ladder, stages: {{low: {{}}, high: {{when: {rule}}}}}}}
  other: {{kind: ladder, stages: {{low: {{}}, high: {{when: *bar}}}}}}
"""
    )

    loaded = load_model_text(text)

    assert loaded.frameworks[1].stages[1].when == loaded.frameworks[0].stages[1].when


def test_a_fault_behind_an_alias_is_said_once() -> None:
    """It stands in one place, however often that is read."""
    text = model(
        frameworks="{a: {kind: flags, stages: {x: {when: &r '▸cout(visit) > 1'}, y: {when: *r}}}}",
    )

    assert at_mark(text).reason == "cout is not a function"


def test_a_text_that_is_too_long_is_not_even_read() -> None:
    """Somebody pointed at the wrong file."""
    _, problems = read_text(name="events.jsonl", text=" " * (TEXT_LIMIT + 1))

    assert [problem.reason for problem in problems] == [f"the file is longer than {TEXT_LIMIT} characters"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{when: ▸count(visit, 30d) >= 1}", 1),
        ("{when: ▸count(visit, 30d, ago=30d) >= 1, hysteresis: 5}", 2),
        ('{when: "count(visit, 30d) >= 1"}', 0),
    ],
)
def test_an_unquoted_comma_inside_braces_is_explained(text: str, found: int) -> None:
    """YAML would read `30d) >= 1` as a key; the text is put together again, and read as it was meant."""
    whole = model(
        frameworks=f"\n  clm:\n    kind: ladder\n    stages:\n      low: {{}}\n      high: {text}\n"
    )
    problems = check_text(whole.replace(MARK, "")).problems

    assert len(problems) == found
    if found:
        assert (problems[0].line, problems[0].column) == place(whole)
        assert problems[0].reason == "a comma inside {…} tears an unquoted text apart"
        assert problems[0].suggestion == "put this text in quotes"
    if found == 2:
        assert problems[1].reason.startswith("hysteresis has nothing to relax")


def test_an_unknown_key_without_a_value_gets_the_same_hint() -> None:
    """Other texts are torn apart too: {event: Order Completed, again}."""
    text = model(touchpoints="\n  - {event: Order Completed, ▸again}\n", frameworks="", alerts="")

    problem = next(problem for problem in check_text(text.replace(MARK, "")).problems if problem.line == 4)

    assert (problem.line, problem.column) == place(text)
    assert problem.reason == "again is not a key of an entry, and has no value"
    assert "in quotes" in problem.suggestion


@pytest.mark.parametrize(
    "rule",
    [
        'when: "▸tenure > 7"',
        "when: '▸tenure > 7'",
        "when: ▸tenure > 7",
        "when: >-\n      ▸tenure\n        > 7",
        "when: >-\n      trait.x == 'a' or\n        ▸tenure > 7",
        "when: |\n      trait.x == 'a' or\n      ▸tenure > 7",
        "when: |-\n\n      ▸tenure > 7",
        "when: \"trait.x == 'a'\n      or ▸tenure > 7\"",
        "when: \"trait.x == 'a' or ▸tenure > 7\"",
        "when: 'trait.x == ''a'' or ▸tenure > 7'",
        'when: "trait.x == \\"a\\" or ▸tenure > 7"',
        "when: trait.x == 'ä' or ▸tenure > 7",
    ],
)
def test_a_place_inside_a_rule_is_found_in_every_style_of_text(rule: str) -> None:
    """Quoted, plain, folded, over several lines, with escapes: the character is the one in the file."""
    text = f"model: test\nalerts:\n  a:\n    kind: state\n    cooldown: 1d\n    message: m\n    {rule}\n"

    problem = at_mark(text)

    assert problem.suggestion == "a duration has a unit: 7d, 7h"


def test_a_place_that_cannot_be_found_is_the_nearest_before_it() -> None:
    """An escape that stands for another character breaks the thread; the start is still right."""
    tree, _ = read_text(name="x", text='a: "\\x41\\x42 b"\n')
    scalar = child(tree, "a")

    assert isinstance(scalar, Scalar)
    assert scalar.value == "AB b"
    assert index_of(scalar, 0) == 3
    assert index_of(scalar, 99) == 3
    assert problem_at(scalar, "why", offset=3).column == 4


def test_the_end_of_a_text_is_its_last_character() -> None:
    """A rule that stops too early is marked where it stops."""
    tree, _ = read_text(name="x", text="a: bcd\n")
    scalar = child(tree, "a")

    assert isinstance(scalar, Scalar)
    assert [index_of(scalar, offset) for offset in (0, 2, 3)] == [3, 5, 5]
    blank, _ = read_text(name="x", text='a: "b\\tc"\n')
    tab = child(blank, "a")
    assert isinstance(tab, Scalar)
    assert index_of(tab, 1) == 4


def test_paths_lead_into_a_tree() -> None:
    """A path that ends too early leads to the last piece that exists."""
    tree, problems = read_text(name="x", text="a: {b: [c, d]}\ne: ~\nf:\n")

    assert problems == []
    assert isinstance(tree, Mapping)
    found = at_path(tree, ("a", "b", 1))
    assert isinstance(found, Scalar)
    assert found.value == "d"
    assert isinstance(at_path(tree, ("a", "b", 7)), Sequence)
    assert isinstance(at_path(tree, ("a", "x", "y")), Mapping)
    assert child(at_path(tree, ("a", "b")), "c") is None
    key = key_at(tree, ("a", "b"))
    assert isinstance(key, Scalar)
    assert key.value == "b"
    assert key_at(tree, ("a", "b", 0)) == at_path(tree, ("a", "b", 0))
    assert key_at(tree, ("a", "x")) == at_path(tree, ("a",))
    assert is_null(child(tree, "e"))
    assert is_null(child(tree, "f"))
    assert is_null(None)
    assert not is_null(child(tree, "a"))


@given(st.text(alphabet="abcde01{}[]():,-&*!|>'\"# \n\tmodelvrsintuchp@=<.", max_size=200))
@example("a: &x [*x]")
@example("&a {? *a : b}")
@example("a: |2\n   b")
@example("'")
def test_no_text_does_more_than_raise_a_model_error(text: str) -> None:
    """Garbage is a bad setting: it stops the start and says why, and nothing else."""
    try:
        load_model_text(text)
    except ModelError as error:
        assert error.problems
        assert all(problem.reason for problem in error.problems)


VOCABULARY = """
    score. dimension. engagement attention count( days_active( since( answer( nps visit purchase , ) ( 30d 7d
    1d 7 0.5 >= < == != + - * / and or not @ ago= default( known( holds( mean( 'x' " trait.plan stage.clm
    rhythm tenure until( type. p_alive . = True [ ] lambda : if else 1e999 é \\
"""
WORDS = st.sampled_from(VOCABULARY.split())


@given(st.lists(WORDS, max_size=25).map(" ".join))
def test_no_rule_does_more_than_add_problems(rule: str) -> None:
    """Whatever stands in a rule, the rest of the model is checked, and every problem has a place."""
    text = with_rule("x").replace("\n      x\n", "\n      " + rule + "\n")

    problems = check_text(text).problems

    assert all(problem.line >= 1 and problem.column >= 1 for problem in problems)


def test_all_problems_of_a_model_come_at_once() -> None:
    """In the order of the file."""
    text = model(
        answers="{nps: {window: 90}}",
        scores="{engagement: atention}",
        segments="{a: b}",
    )

    assert reasons(text) == [
        "atention is not known",
        "window must be a duration with its unit",
        "segments must be a text",
    ]
