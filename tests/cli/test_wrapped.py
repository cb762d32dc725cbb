"""Where a rule and what it reads are broken, when the terminal is narrow."""

import io

import pytest
from rich.console import Console
from rich.table import Table

from streams.cli.wrapped import LISTS, RULES, Wrapped, lines

RULE = "(count(purchase) >= 2 or ever(renewal)) and count(referral, 180d) >= 1"
READ = "count(pricing, 30d) = 0 · rhythm = 2 days · tenure = 11 days"


@pytest.mark.parametrize(
    ("width", "broken"),
    [
        (70, [RULE]),
        (69, ["(count(purchase) >= 2 or ever(renewal))", "and count(referral, 180d) >= 1"]),
        (38, ["(count(purchase) >= 2", "or ever(renewal))", "and count(referral, 180d) >= 1"]),
        (29, ["(count(purchase) >= 2", "or ever(renewal))", "and count(referral, 180d)", ">= 1"]),
        (23, ["(count(purchase) >= 2", "or ever(renewal))", "and count(referral,", "180d) >= 1"]),
    ],
)
def test_a_rule_is_broken_at_its_words_before_its_terms(width: int, broken: list[str]) -> None:
    """Both sides of each width: before and/or, then before an operator, then after a comma."""
    assert list(lines(RULE, width, RULES)) == broken


def test_a_sum_is_broken_before_its_signs() -> None:
    """A window stays with its signal."""
    broken = list(lines("count(pricing, 30d) + count(demo, 30d) >= 1", 25, RULES))

    assert broken == ["count(pricing, 30d)", "+ count(demo, 30d) >= 1"]


def test_a_list_is_broken_between_its_members() -> None:
    """A value stays with its term as long as one line holds both."""
    assert list(lines(READ, 45, LISTS)) == ["count(pricing, 30d) = 0 · rhythm = 2 days", "· tenure = 11 days"]
    assert list(lines(READ, 16, LISTS)) == [
        "count(pricing,",
        "30d) = 0",
        "· rhythm = 2",
        "days",
        "· tenure = 11",
        "days",
    ]


def test_nothing_is_lost_however_narrow_it_is() -> None:
    """Every word is there in its order at every width; wide characters count twice."""
    wide = "since(支払い) >= 2d and since(支払い) < 9d"

    for width in range(1, 80):
        for text, breaks in ((RULE, RULES), (READ, LISTS), (wide, RULES)):
            assert " ".join(lines(text, width, breaks)) == text
    assert list(lines(wide, 20, RULES)) == ["since(支払い) >= 2d", "and since(支払い)", "< 9d"]


def test_in_a_table_it_takes_the_room_that_is_left() -> None:
    """A word wider than its cell is cut, not left out."""
    out = io.StringIO()
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column()
    table.add_row("advocacy", Wrapped("tenure > 9d and a_very_long_name_of_a_thing", RULES))

    Console(file=out, width=30).print(table)

    assert [line.rstrip() for line in out.getvalue().splitlines()] == [
        "advocacy tenure > 9d",
        "         and",
        "         a_very_long_name_of_a",
        "         _thing",
    ]
