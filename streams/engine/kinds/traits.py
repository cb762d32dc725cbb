"""Traits that rules read: per trait the value with the latest timestamp, as a text's code or a number.

A text is kept as a 32-bit hash of itself: no dictionary is needed to compare it, on any partition.
"""

from streams.engine import standing
from streams.engine.compiled import compiled
from streams.engine.ground import Ground


@compiled
def touch(g: Ground, r: int, k: int, t: int, code: int, number: float) -> None:
    """Take trait `k` if the touchpoint has it (a code that is not 0) and is not older."""
    if code == 0:
        return
    if t >= int(g.at[r, g.p.trait_at + k]):
        standing.forget(g, r, g.p.cause_trait + k, anew=True)
        g.at[r, g.p.trait_at + k] = t
        g.small[r, g.p.trait_code + k] = code
        g.real[r, g.p.trait + k] = number
