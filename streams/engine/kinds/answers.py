"""Answers: the latest answer to a question, absent once its window is over."""

import math

from streams.engine.compiled import compiled, entry
from streams.engine.ground import ANSWERS_REFUSED, Ground
from streams.engine.instants import NEVER, NONE


@compiled
def touch(g: Ground, r: int, a: int, t: int, value: float, tie: int) -> bool:
    """Take the answer of source `a`; return whether it was one (a number within the scale).

    Of two answers with equal timestamps the one with the higher `tie` (hash of its message id) stands.
    """
    low, high = g.nums[g.p.answer_low + a], g.nums[g.p.answer_high + a]
    if not low <= value <= high:
        g.cursor[ANSWERS_REFUSED] += 1
        return False
    q = int(g.ints[g.p.answer_question + a])
    at = int(g.at[r, g.p.answer_at + q])
    if at == NONE or t > at or (t == at and tie > int(g.at[r, g.p.answer_tie + q])):
        g.at[r, g.p.answer_at + q] = t
        g.at[r, g.p.answer_tie + q] = tie
        g.real[r, g.p.answer + q] = low + high - value if g.nums[g.p.answer_invert + a] else value
    return True


@entry
def read(g: Ground, r: int, q: int, t: int) -> "tuple[float, int]":
    """Return the answer that stands at `t`, and until when."""
    at = int(g.at[r, g.p.answer_at + q])
    end = at + int(g.ints[g.p.question_window + q])
    if at == NONE or t >= end:
        return math.nan, NEVER
    return float(g.real[r, g.p.answer + q]), end
