"""The figures of the README: `python -m bench [NAME…]`, or `make bench` for all of them.

Every run passes the gate of `reference.py`, or ends the benchmark. Data and processes of a run go with it;
the seeded populations stay in the temporary directory for the next one.
"""

import signal
import sys
import time

import click

from bench import asking, figures, footprint, machine, painting, processing, scraping, serving
from bench.figures import Figure, Measured, Row
from bench.kafka import parts
from streams.engine.compiled import INTERPRETED

NAMES = ("replay", "up", "scrape", "page", "api", "size", "start", "compile", "help", *parts.NAMES)


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(NAMES))
@click.option(
    "--quick", is_flag=True, help="Small and once: to see that it works. Not kept, not for the README."
)
@click.option("--touchpoints", type=click.IntRange(100), help="Touchpoints of a population.  [1000000]")
@click.option("--runs", type=click.IntRange(1), help="Runs behind each median.  [3]")
@click.option("--last", is_flag=True, help="Measure nothing; show what the README has.")
@click.option(
    "--markdown", is_flag=True, help="Print the table (what happens anyway without --write-readme)."
)
@click.option("--write-readme", is_flag=True, help="Keep the figures, and replace the README's table.")
def main(
    names: tuple[str, ...],
    quick: bool,
    touchpoints: int | None,
    runs: int | None,
    last: bool,
    markdown: bool,
    write_readme: bool,
) -> None:
    """Measure NAMES (all of them if none is given).

    replay, up, scrape, page, api, size, start, compile, help; and on a Kafka that is started for them:
    kafka, kafka-recovery, kafka-latency, kafka-memory, kafka-workers.
    """
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(143))  # what was started ends too
    scale = Scale(quick=quick, touchpoints=touchpoints, runs=runs)
    if write_readme and (scale.is_small or (INTERPRETED and not last)):
        raise click.UsageError("the README holds figures of full size and of the compiled engine only")
    kept = {} if scale.is_small else figures.load()
    began = time.monotonic()
    for name in () if last else names or NAMES:
        kept[name] = Measured(machine.facts(), scale.runs_of(name), scale.measure(name))
        if write_readme:  # at once: a later benchmark may fail
            figures.keep(scale.rows(), kept)
    if last and write_readme:
        figures.keep(scale.rows(), kept)
    if not last:
        _tell(f"done in {time.monotonic() - began:.0f} s")
    if markdown or not write_readme:
        click.echo(figures.markdown(scale.rows(), kept))


class Scale:
    """How large the benchmarks are."""

    def __init__(self, *, quick: bool, touchpoints: int | None, runs: int | None) -> None:
        self.is_small = quick or touchpoints is not None
        self.runs = runs or (1 if quick else 3)
        self.touchpoints = touchpoints or (2_000 if quick else 1_000_000)
        many, few = (
            (200_000, 10_000) if not self.is_small else (self.touchpoints // 2, self.touchpoints // 20)
        )
        self.sizes = (max(few, 1), many)
        self.kafka = parts.scale(touchpoints=self.touchpoints, sizes=self.sizes, runs=self.runs, quick=quick)
        self.seconds = 2.0 if quick else 15.0
        self.demo_customers = 200 if quick else 3_000
        self.demo_days = 20 if quick else footprint.history_days()

    def rows(self) -> dict[str, list[Row]]:
        """Return the lines of the table."""
        return {
            "replay": processing.rows(self.sizes),
            "up": serving.ROWS,
            "scrape": scraping.ROWS,
            "page": painting.ROWS,
            "api": asking.rows(self.sizes[1]),
            "size": footprint.SIZE_ROWS,
            "start": footprint.start_rows(self.sizes[1]),
            "compile": [footprint.COMPILE_ROW],
            "help": [footprint.HELP_ROW],
            **self.kafka.rows(),
        }

    def runs_of(self, name: str) -> int:
        """Return how many runs stand behind a figure."""
        if name in parts.NAMES:
            return self.kafka.runs_of(name)
        return {"help": 10, "compile": 1, "size": 1, "scrape": 2 * self.runs + 1, "page": 10}.get(
            name, self.runs
        )

    def measure(self, name: str) -> dict[str, Figure]:
        """Run one benchmark."""
        if name in parts.NAMES:
            return self.kafka.measure(name, _tell)
        match name:
            case "replay":
                return processing.measure(self.sizes, self.touchpoints, self.runs, _tell)
            case "up":
                touchpoints = min(self.touchpoints, 300_000)
                return serving.measure(
                    seconds=self.seconds, touchpoints=touchpoints, samples=51, runs=self.runs, tell=_tell
                )
            case "scrape":
                touchpoints = min(self.touchpoints, 300_000)
                return scraping.measure(
                    seconds=max(8.0, 2 * self.seconds), touchpoints=touchpoints, runs=self.runs, tell=_tell
                )
            case "page":
                touchpoints = min(self.touchpoints, 300_000)
                return painting.measure(touchpoints=touchpoints, samples=self.runs_of(name), tell=_tell)
            case "api":
                return asking.measure(
                    customers=self.sizes[1],
                    touchpoints=min(self.touchpoints, 2 * self.sizes[1]),
                    seconds=self.seconds,
                    runs=self.runs,
                    tell=_tell,
                )
            case "size":
                return footprint.sizes(
                    customers=self.demo_customers, days=self.demo_days, resident=self.sizes[1], tell=_tell
                )
            case "start":
                touchpoints = min(self.touchpoints, 2 * self.sizes[1])
                return footprint.starts(
                    customers=self.sizes[1], touchpoints=touchpoints, runs=self.runs, tell=_tell
                )
            case "compile":
                return footprint.compile_time(_tell)
            case "help":
                return footprint.help_time(runs=self.runs_of("help"))
            case _:
                raise ValueError(f"nothing measures {name}")


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
