"""Models come from presets, files and texts; a digest says whether two of them are the same."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.model.digest import digest_of
from streams.model.load import check_model, load_model, load_model_text, preset_descriptions, preset_names
from streams.model.message import fill, placeholders
from streams.model.problems import ModelError, Problem, did_you_mean, suggest
from tests.model.planted import model

MODELS = Path(__file__).parent / "models"


def test_every_preset_has_neither_errors_nor_warnings() -> None:
    """A preset is the example that others follow."""
    assert "starter" in preset_names()
    for name in preset_names():
        checked = check_model(name)
        assert checked.problems == ()
        assert checked.model is not None
        assert checked.model.name == name


def test_every_preset_says_what_it_is() -> None:
    """For the list."""
    assert set(preset_descriptions()) == set(preset_names())
    assert all(preset_descriptions().values())


@pytest.mark.parametrize("path", sorted(MODELS.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_frameworks_of_the_literature_can_be_said(path: Path) -> None:
    """AARRR, LAER on accounts, the decision journey, the five Cs, the five levels: without a warning."""
    assert check_model(str(path)).problems == ()


def test_the_starter_model_is_what_its_readers_expect() -> None:
    """Five dimensions, six stages, three exits, four types, NPS and CSAT, amounts with a fallback."""
    starter = load_model("starter")

    clm = starter.frameworks[0]
    order = starter.touchpoints[0]
    assert [score.name for score in starter.scores] == ["engagement"]
    assert len(starter.dimensions) == 5
    assert [stage.name for stage in clm.stages] == [
        "awareness",
        "engagement",
        "evaluation",
        "purchase",
        "post_purchase",
        "advocacy",
    ]
    assert [stage.name for stage in clm.exits] == ["churned", "reactivated", "dormant"]
    assert {entry.type for entry in starter.touchpoints} == {
        "cognitive",
        "emotional",
        "behavioural",
        "transactional",
    }
    assert order.event == "Order Completed"
    assert {name: amount.paths for name, amount in order.signals} == {
        "purchase": ("properties.revenue", "properties.total"),
        "items": ("properties.quantity",),
    }
    assert {question.name for question in starter.questions} == {"nps", "csat"}
    assert {alert.name for alert in starter.alerts} >= {
        "stage_back",
        "engagement_drop",
        "silence",
        "detractor",
    }


def test_a_file_is_loaded_as_the_text_that_it_holds(tmp_path: Path) -> None:
    """A byte order mark of some editors does not matter."""
    path = tmp_path / "model.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + model().encode())

    assert load_model(str(path)) == load_model_text(model())


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    """Missing, a directory, not UTF-8, not even a name."""
    (tmp_path / "latin.yaml").write_bytes(b"model: caf\xe9\n")

    for name, reason in (
        ("startr", "no file and no preset startr"),
        (str(tmp_path), "cannot be read: Is a directory"),
        (str(tmp_path / "latin.yaml"), "not UTF-8: byte 10 cannot be read"),
        ("a\0b", "this is not the name of a file"),
    ):
        with pytest.raises(ModelError) as raised:
            load_model(name)
        assert [problem.reason for problem in raised.value.problems] == [reason]
        assert raised.value.problems[0].file == name


def test_a_missing_preset_is_guessed() -> None:
    """One letter less."""
    with pytest.raises(ModelError, match=r"did you mean starter\?"):
        load_model("startr")


def test_the_digest_depends_on_what_a_model_says_and_not_on_where() -> None:
    """Comments, blank lines and the other style of YAML change nothing; one number does."""
    one = load_model_text("model: a\nscores: {x: 3 + attention}\ndimensions: {attention: {value: 3}}\n")
    other = load_model_text(
        "# a comment\nmodel: a\n\ndimensions:\n  attention: {value: '3'}\n"
        "scores:\n  x: >-\n    3 + attention\n"
    )
    third = load_model_text("model: a\nscores: {x: 4 + attention}\ndimensions: {attention: {value: 3}}\n")

    assert one.digest == other.digest == digest_of(other)
    assert one.digest != third.digest
    assert len(one.digest) == 32


def test_frameworks_come_after_those_that_they_read() -> None:
    """Otherwise in the order of the file, levels behind frameworks; through scores as well."""
    text = model(
        frameworks="""
  a: {kind: free, stages: {x: {when: "stage.c == 'z' and score.mood > 3"}}}
  b: {kind: free, stages: {y: {when: "ever(visit)"}}}
  c: {kind: free, stages: {z: {when: "stage.l == 'low'"}}}
  d: {kind: free, stages: {w: {when: "ever(purchase)"}}}
""",
        levels="{l: {low: {when: 'ever(visit)'}}}",
        scores="{engagement: attention, mood: \"100 * holds(stage.d == 'w')\"}",
    )

    assert [framework.name for framework in load_model_text(text).frameworks] == ["b", "d", "l", "c", "a"]


def test_an_error_lists_every_problem_in_its_text() -> None:
    """One line each, as compilers print them."""
    error = ModelError(
        [Problem(file="a", line=1, column=2, reason="why", suggestion="so"), Problem(reason="no")]
    )

    assert str(error) == "a:1:2: error: why (so)\n:0:0: error: no"


def test_suggestions_name_the_nearest_or_what_there_is() -> None:
    """At most eight; nothing where there is nothing."""
    assert did_you_mean("visits", ["visit", "purchase"]) == "did you mean visit?"
    assert did_you_mean("zzz", ["visit"]) == ""
    assert suggest("zzz", [], kind="signals") == "this model has no signals"
    assert suggest("zzz", ["a", "b"], kind="signals") == "signals: a, b"
    assert suggest("zzz", "abcdefghi", kind="signals") == "signals: a, b, c, d, e, f, g, h, …"


def test_a_message_is_filled_by_substitution() -> None:
    """Names that are not known stay as they are; nothing in a message is code."""
    values = {"customer": "c1 {score.x}", "answer(nps)": "3"}

    assert (
        fill("{customer} said { answer(nps) } {0.__class__} {x!r} }{", values)
        == "c1 {score.x} said 3 {0.__class__} {x!r} }{"
    )
    assert placeholders("a {b} { c }") == ((3, "b"), (7, "c"))


@given(st.text(max_size=60))
def test_no_message_can_fail(message: str) -> None:
    """Whatever stands in it."""
    assert isinstance(fill(message, {}), str)
    assert msgspec.json.encode(placeholders(message))
