"""The benchmarks on Kafka by name: their lines in the table, how large they are, and what runs them."""

from collections.abc import Callable
from typing import Final, NamedTuple

from bench.figures import Figure, Row
from bench.kafka import throughput

NAMES: Final = ("kafka",)


class KafkaScale(NamedTuple):
    """How large the benchmarks on Kafka are; `sizes`: fewer and many customers."""

    touchpoints: int
    sizes: tuple[int, int]
    runs: int
    faust: int  # touchpoints for stock Faust, which is slow

    def rows(self) -> dict[str, list[Row]]:
        """Return the lines of the table."""
        return {"kafka": throughput.rows(self.sizes, self.faust)}

    def runs_of(self, name: str) -> int:
        """Return how many runs stand behind a figure."""
        return self.runs if name == "kafka" else 1

    def measure(self, name: str, tell: Callable[[str], None]) -> dict[str, Figure]:
        """Run one benchmark."""
        match name:
            case _:
                return throughput.measure(self.sizes, self.touchpoints, self.faust, self.runs, tell)


def scale(*, touchpoints: int, sizes: tuple[int, int], runs: int, quick: bool) -> KafkaScale:
    """Return the size of the benchmarks on Kafka beside that of the others."""
    return KafkaScale(touchpoints, sizes, runs, faust=min(touchpoints, 2_000 if quick else 40_000))
