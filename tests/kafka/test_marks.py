"""How far dead letters have been sent again. No broker is asked."""

import pytest

from streams.runtime.kafka.administration import Committed
from streams.runtime.kafka.marks import Marks


def test_a_replay_of_one_reason_leaves_the_others_undone() -> None:
    """Both sides of each mark, and what a replay of all does to them."""
    marks = Marks(10)

    marks.move("future", 20)

    assert [marks.done("future", offset) for offset in (9, 19, 20)] == [True, True, False]
    assert [marks.done("invalid", offset) for offset in (9, 10)] == [True, False]
    assert (marks.start("future"), marks.start("invalid"), marks.start(None)) == (20, 10, 10)


def test_a_replay_of_all_overtakes_a_reason() -> None:
    """What is kept is only what is further than all."""
    marks = Marks(10, {"future": 20, "invalid": 40})

    marks.move(None, 30)

    assert marks.kept() == Committed(30, '{"invalid":40}')
    assert marks.start("future") == 30


def test_marks_never_go_back() -> None:
    """Neither for one reason nor for all."""
    marks = Marks(10, {"future": 20})

    marks.move(None, 5)
    marks.move("future", 15)

    assert Marks.of(marks.kept()).kept() == Committed(10, '{"future":20}')


@pytest.mark.parametrize("metadata", ["", "somebody was here", "[1]", '{"future": "x"}'])
def test_metadata_of_somebody_else_is_no_mark(metadata: str) -> None:
    """An offset that was set by hand counts."""
    assert Marks.of(Committed(7, metadata)).kept() == Committed(7, "")


@pytest.mark.parametrize("committed", [None, Committed(-1, "")])
def test_a_group_without_offsets_has_done_nothing(committed: Committed | None) -> None:
    """The broker says so in two ways."""
    assert Marks.of(committed).start(None) == 0
