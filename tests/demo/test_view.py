"""The view is looked at as text: golden pictures, and laws that hold at every size."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace
from rich.cells import cell_len
from rich.console import Console

from schemas.outputs import MoveDirection, Severity
from streams.demo.palette import bar, columns, sparkline
from streams.demo.snapshot import AlertLine, Movement, ScoreFigure, Snapshot, StageBar
from streams.demo.view import render

GOLDEN = Path(__file__).parent / "golden"
NOON = datetime(2026, 12, 14, 9, 40, tzinfo=UTC)


def stage(name: str, customers: int, change: int = 0, *, leaves: bool = False) -> StageBar:
    return StageBar(name=name, customers=customers, change=change, exit=leaves)


def move(
    customer: str, before: str | None, after: str | None, direction: MoveDirection, why: str
) -> Movement:
    return Movement(
        at=NOON, customer_id=customer, from_stage=before, to_stage=after, direction=direction, why=why
    )


def alert(severity: Severity, message: str) -> AlertLine:
    return AlertLine(at=NOON, severity=severity, message=message)


SNAPSHOT = Snapshot(
    model="starter v1",
    now=NOON,
    pace=21_600,
    customers=1_912,
    touchpoints=148_211,
    touchpoints_per_second=934,
    framework="clm",
    stages=(
        stage("awareness", 143, 4),
        stage("engagement", 222, -7),
        stage("evaluation", 318, 12),
        stage("purchase", 281, 31),
        stage("post_purchase", 302, -14),
        stage("advocacy", 181, 3),
        stage("churned", 41, 1, leaves=True),
        stage("reactivated", 12, leaves=True),
        stage("dormant", 412, 9, leaves=True),
    ),
    movements=(
        move(
            "rowan-thistle-0042", "evaluation", "purchase", MoveDirection.FORWARD, "since(purchase) 0 s < 7d"
        ),
        move(
            "ada-willow-1310",
            "post_purchase",
            "dormant",
            MoveDirection.BACK,
            "since(activity) 31 d, tenure 71 d",
        ),
        move("milo-ember-0107", None, "awareness", MoveDirection.FORWARD, "always"),
        move(
            "cleo-quill-0019", "post_purchase", "purchase", MoveDirection.LATERAL, "since(purchase) 0 s < 7d"
        ),
        move("theo-yarrow-2001", "dormant", None, MoveDirection.BACK, "since(activity) 0 s < 24h"),
    ),
    moves_today=231,
    alerts=(
        alert(Severity.CRITICAL, "yuki-fern-0910 answered 3 of 10 to the recommendation question"),
        alert(Severity.WARNING, "wim-heron-2210's engagement fell to 21.2, from 43.9 four weeks ago"),
        alert(Severity.INFO, "lea-moss-0033 fell back from evaluation to engagement"),
    ),
    alerts_open=84,
    alerts_today=19,
    score=ScoreFigure(
        name="engagement",
        customers=1_912,
        mean=23.4,
        bins=(720, 391, 280, 201, 140, 92, 50, 28, 9, 1),
        days=tuple(10 + day / 5 + day % 7 * 2 / 5 for day in range(74)),
    ),
    hint="rapport explain rowan-thistle-0042 --data demo",
)
EMPTY = Snapshot(model="bare v1", now=NOON, pace=0, customers=0, touchpoints=0, touchpoints_per_second=0)


def drawn(snapshot: Snapshot, width: int, height: int) -> list[str]:
    """Draw a snapshot and return its lines as text."""
    console = Console(width=width, height=height, force_terminal=True, color_system=None)
    with console.capture() as captured:
        console.print(render(snapshot, width, height))
    return captured.get().splitlines()


@pytest.mark.parametrize(("width", "height"), [(80, 24), (140, 40)])
def test_the_picture_is_the_one_that_was_looked_at(width: int, height: int) -> None:
    """A change of the picture is seen in review: write the golden file anew and look at it."""
    golden = (GOLDEN / f"view-{width}x{height}.txt").read_text(encoding="utf-8").splitlines()

    assert [line.rstrip() for line in drawn(SNAPSHOT, width, height)] == golden


@pytest.mark.parametrize("snapshot", [SNAPSHOT, EMPTY], ids=["full", "empty"])
def test_every_size_is_filled_exactly_and_nothing_wraps(snapshot: Snapshot) -> None:
    """From one cell to a large screen: as many lines as there are, each exactly as wide."""
    for width in (1, 3, 19, 20, 21, 40, 71, 72, 79, 80, 99, 100, 155, 156, 200):
        for height in (1, 2, 3, 4, 6, 11, 12, 13, 14, 15, 17, 24, 60):
            lines = drawn(snapshot, width, height)

            assert len(lines) == height, (width, height)
            assert {cell_len(line) for line in lines} == {width}, (width, height)


def test_names_come_from_the_snapshot_and_not_from_the_program() -> None:
    """Another model's framework, stages and score stand where the starter's stood."""
    other = replace(
        SNAPSHOT,
        model="club v3",
        framework="membership",
        stages=(stage("guest", 3), stage("member", 9, -2)),
        movements=(),
        alerts=(),
        score=ScoreFigure(name="warmth", customers=3, mean=1.0, bins=(3, *[0] * 9)),
        hint="",
    )

    text = "\n".join(drawn(other, 140, 40))

    assert {word for word in ("club v3", "membership", "guest", "member", "warmth") if word in text} == {
        "club v3", "membership", "guest", "member", "warmth",
    }  # fmt: skip
    assert not any(word in text for word in ("clm", "starter", "engagement", "purchase", "dormant"))


def test_a_paused_clock_is_said_to_be_paused() -> None:
    """And a running one says how much time passes in a second."""
    assert "paused" in drawn(replace(SNAPSHOT, pace=0), 80, 24)[0]
    assert "6 h/s" in drawn(SNAPSHOT, 80, 24)[0]


def test_the_way_to_ask_why_is_shown_wherever_it_fits() -> None:
    """Also where the keys have to make room for it; where neither fits, the keys stay."""
    hint = SNAPSHOT.hint

    assert hint in drawn(SNAPSHOT, 140, 24)[-1]
    assert hint in drawn(SNAPSHOT, 64, 24)[-1]
    assert hint not in drawn(SNAPSHOT, 40, 24)[-1]


def test_the_footer_names_the_page_before_the_command() -> None:
    """Both where there is room; where there is not, the page: it is the larger thing to find."""
    both = replace(SNAPSHOT, page="http://127.0.0.1:8080")

    wide, narrow = drawn(both, 140, 24)[-1], drawn(both, 70, 24)[-1]

    assert "http://127.0.0.1:8080" in wide
    assert SNAPSHOT.hint in wide
    assert "http://127.0.0.1:8080" in narrow
    assert SNAPSHOT.hint not in narrow
    assert "q end" in drawn(SNAPSHOT, 40, 24)[-1]


def test_markup_in_what_customers_are_called_is_shown_as_text() -> None:
    """Nothing that a tracker sends styles the view or escapes from it."""
    movement = move("[bold]x[/]", "evaluation", "purchase", MoveDirection.FORWARD, "\x1b[2J[red]")
    text = "\n".join(drawn(replace(SNAPSHOT, movements=(movement,)), 140, 40))

    assert "[bold]x[/]" in text
    assert "\x1b" not in text


def test_a_bar_is_as_long_as_its_value() -> None:
    """To an eighth of a cell; anything at all is seen, nothing is not, and nothing is longer than full."""
    assert bar(50, most=100, width=10) == "█████"
    assert bar(51.25, most=100, width=10) == "█████▏"
    assert bar(0.001, most=100, width=10) == "▏"
    assert bar(0, most=100, width=10) == ""
    assert bar(200, most=100, width=10) == "█" * 10
    assert bar(5, most=0, width=10) == ""


def test_columns_are_as_high_as_their_values() -> None:
    """The greatest fills the height; anything at all is seen."""
    assert columns([8, 4, 1, 0], height=1) == ["█▄▁ "]
    assert columns([8, 4, 0.01, 0], height=2) == ["█   ", "██▁ "]
    assert columns([0, 0], height=2) == ["  ", "  "]


def test_a_sparkline_goes_from_the_least_to_the_greatest() -> None:
    """Of many values the last ones are drawn; values that are all the same give a level line."""
    assert sparkline([1, 2, 3, 8], width=10) == "▁▂▃█"
    assert sparkline([99, 1, 8], width=2) == "▁█"
    assert sparkline([5, 5], width=10) == "▄▄"
    assert sparkline([], width=10) == ""
    assert sparkline([1], width=0) == ""
