"""Python's collector of reference cycles, told to look rarely: touchpoints make many objects, no cycles."""

import gc

YOUNG = 100_000  # allocations before a look at the youngest objects
GENERATIONS = 50


def calm() -> None:
    """Leave what is loaded out of all later looks, and look rarely."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, GENERATIONS, GENERATIONS)
