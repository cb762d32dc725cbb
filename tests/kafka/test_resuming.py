"""Where output topics are read on, without a broker."""

import pytest

from streams.runtime.kafka.resuming import Resumption, resume

A, B, C = ("t", 0), ("t", 1), ("u", 0)


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        ({}, Resumption({A: 2, B: 0, C: 7}, set(), {})),
        ({A: 5, B: 3, C: 8}, Resumption({A: 5, B: 3, C: 8}, set(), {})),
        ({A: 10, B: 4}, Resumption({A: 10, B: 4, C: 7}, set(), {})),
        ({A: 1, B: 0}, Resumption({A: 2, B: 0, C: 7}, set(), {A: 1})),
        ({A: 11, B: 3, C: 9}, Resumption({A: 2, B: 0, C: 9}, {"t"}, {})),
    ],
    ids=["nothing was read", "in the midst", "at the end", "expired unread", "shorter than what was read"],
)
def test_it_is_read_on_where_the_file_ends(stored: dict[tuple[str, int], int], expected: Resumption) -> None:
    """What is gone is skipped and counted; a topic that is shorter is another one, whole."""
    assert resume({A: 2, B: 0, C: 5}, {A: 10, B: 4, C: 9}, stored, {C: 7}) == expected
