"""The benchmarks on Kafka by name: their lines in the table, how large they are, and what runs them."""

from collections.abc import Callable
from typing import Final, NamedTuple

from bench.figures import Figure, Row
from bench.kafka import latency, memory, recovery, scaling, throughput

NAMES: Final = ("kafka", "kafka-recovery", "kafka-latency", "kafka-memory", "kafka-workers")
ONCE: Final = ("kafka-latency", "kafka-memory")


class KafkaScale(NamedTuple):
    """How large the benchmarks on Kafka are; `sizes`: fewer and many customers."""

    touchpoints: int
    sizes: tuple[int, int]
    runs: int
    faust: int  # touchpoints for stock Faust, which is slow
    backlog: int
    rate: float  # the lower one of the latencies, a second
    seconds: float  # that each of them is looked at

    def rows(self) -> dict[str, list[Row]]:
        """Return the lines of the table."""
        few, many = self.sizes
        return {
            "kafka": throughput.rows(self.sizes, self.faust),
            "kafka-recovery": recovery.rows(many),
            "kafka-latency": latency.rows(self.rate),
            "kafka-memory": memory.rows(few, self.backlog),
            "kafka-workers": scaling.rows(few),
        }

    def runs_of(self, name: str) -> int:
        """Return how many runs stand behind a figure."""
        return 1 if name in ONCE else self.runs

    def measure(self, name: str, tell: Callable[[str], None]) -> dict[str, Figure]:
        """Run one benchmark."""
        few, many = self.sizes
        match name:
            case "kafka-recovery":
                touchpoints = min(self.touchpoints, 2 * many)
                return recovery.measure(touchpoints=touchpoints, customers=many, runs=self.runs, tell=tell)
            case "kafka-latency":
                return latency.measure(
                    touchpoints=self.touchpoints,
                    customers=few,
                    rate=self.rate,
                    seconds=self.seconds,
                    tell=tell,
                )
            case "kafka-memory":
                return memory.measure(touchpoints=self.backlog, customers=few, tell=tell)
            case "kafka-workers":
                return scaling.measure(touchpoints=self.touchpoints, customers=few, runs=self.runs, tell=tell)
            case _:
                return throughput.measure(self.sizes, self.touchpoints, self.faust, self.runs, tell)


def scale(*, touchpoints: int, sizes: tuple[int, int], runs: int, quick: bool) -> KafkaScale:
    """Return the size of the benchmarks on Kafka beside that of the others."""
    return KafkaScale(
        touchpoints,
        sizes,
        runs,
        faust=min(touchpoints, 2_000 if quick else 40_000),
        backlog=4 * touchpoints,
        rate=200 if quick else 5_000,
        seconds=3.0 if quick else 30.0,
    )
