"""What the demo came to, printed when it ends: figures, stages, and how to ask why."""

from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table
from rich.text import Text

from schemas.instants import instant
from schemas.outputs import Severity
from schemas.views import PartitionKpis
from streams.cli.demo_company import Company
from streams.demo.diary import Diary
from streams.demo.palette import ACCENT, AWAY, QUIET, SEVERITIES, STRONG, bar
from streams.demo.snapshot import stage_bars

_BAR_WIDTH = 30


class Summary(NamedTuple):
    """What is told at the end: `history` counts touchpoints before the view; no `directory`: it is gone."""

    company: Company
    history: int
    history_s: float
    live_s: float
    somebody: str
    directory: Path | None


def show_summary(summary: Summary, console: Console) -> None:
    """Print figures, stages and what to do next."""
    kpis = summary.company.kpis()
    console.print(Text(f"{instant(summary.company.now_ms):%A, %d %B %Y, %H:%M}", ACCENT))
    console.print(_figures(summary, kpis))
    for framework in summary.company.model.frameworks:
        console.print()
        console.print(Text(f"customers by stage of {framework.name}", ACCENT))
        console.print(_stages(summary.company, framework.name, kpis))
    console.print()
    for line in _next_steps(summary):
        console.print(Text(line), soft_wrap=True)


def _figures(summary: Summary, kpis: PartitionKpis) -> Table:
    company = summary.company
    told = company.told()
    live = company.played - summary.history
    severities = {alert.name: Severity(alert.severity) for alert in company.model.alerts}
    table = _plain()
    table.add_row(
        "customers", f"{kpis.customers:,}", f"of {company.origin.customers:,} (seed {company.origin.seed})"
    )
    table.add_row("touchpoints", f"{kpis.outcomes.get('applied', 0):,}", "applied since the first day")
    if summary.history:
        table.add_row("", f"{summary.history:,}", f"history, {_rate(summary.history, summary.history_s)}")
    table.add_row("", f"{live:,}", f"live, {_rate(live, summary.live_s)}")
    for framework, count in told["transitions"].items():
        table.add_row("transitions", f"{count:,}", framework)
    for number, (alert, count) in enumerate(told["alerts"].items()):
        severity = severities.get(alert, Severity.INFO)
        what = Text.assemble(alert, " ", (severity.value, SEVERITIES[severity]))
        table.add_row("" if number else "alerts raised", f"{count:,}", what)
    return table


def _stages(company: Company, framework: str, kpis: PartitionKpis) -> Table:
    bars = stage_bars(company.model, framework, kpis, Diary(None))
    most = max((stage.customers for stage in bars), default=0)
    table = _plain()
    for stage in bars:
        drawn = bar(stage.customers, most=most, width=_BAR_WIDTH)
        table.add_row(stage.name, f"{stage.customers:,}", Text(drawn, AWAY if stage.exit else ACCENT))
    return table


def _next_steps(summary: Summary) -> tuple[str, ...]:
    if summary.directory is None:
        return (
            "The data was temporary and is gone. To keep it, and to ask why somebody is where they are:",
            "  rapport demo --data my-demo",
            f"  rapport explain {summary.somebody} --data my-demo",
        )
    return (
        f"The data is in {summary.directory}; the next demo goes on there. Why is somebody where they are?",
        f"  rapport explain {summary.somebody} --data {summary.directory}",
    )


def _plain() -> Table:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(style=QUIET, min_width=13)
    table.add_column(justify="right", style=STRONG, min_width=9)
    table.add_column()
    return table


def _rate(count: int, seconds: float) -> str:
    return f"{seconds:.1f} s, {count / max(seconds, 0.001):,.0f}/s"
