"""The topics of a plan as a table: one line for each, and what is to be done about it."""

from collections.abc import Collection, Mapping
from typing import Final

from rich.table import Table
from rich.text import Text

from streams import topics
from streams.cli.explanation import plain
from streams.cli.model_view import counted
from streams.runtime.kafka.findings import Weight
from streams.runtime.kafka.provisioning import FOREVER, Plan, Wanted

MARKS: Final = {
    Weight.OK: ("there", "green"),
    Weight.NOTE: ("there", "green"),
    Weight.WARNING: ("there, see below", "yellow"),
    Weight.ERROR: ("does not fit", "bold red"),
}
ORDER: Final = list(Weight)


def topic_table(plan: Plan, broker: str, *, made: Collection[str] = ()) -> Table:
    """Return one line for each topic, as it is or as it would be made; made: those made just now."""
    table = Table(title=f"Topics on {plain(broker)}", title_justify="left", box=None, pad_edge=False)
    table.add_column("topic", overflow="fold")
    table.add_column("partitions", justify="right", no_wrap=True)
    table.add_column("replicas", justify="right", no_wrap=True)
    table.add_column("kept", no_wrap=True)
    table.add_column("", no_wrap=True)
    missing = {each.name: each for each in plan.missing}
    for each in plan.wanted:
        if each.name in missing:
            shown, config, state = missing[each.name], each.config, Text("missing", style="cyan")
        else:
            found = plan.existing[each.name]
            shown = each._replace(partitions=found.partitions, replicas=found.replicas)
            config = found.config or {}
            state = Text("made", style="green") if each.name in made else _state(plan, each)
        table.add_row(each.name, str(shown.partitions), str(shown.replicas), _kept(config), state)
    return table


def closing(plan: Plan) -> Text:
    """Return the last line: what there is to do."""
    if plan.refused:
        nothing = "nothing is made" if plan.missing else "workers must not start"
        return Text(
            f"{counted(len(plan.refused), 'error')}, so {nothing}: mend what is said above", "bold red"
        )
    if plan.missing:
        return Text(f"{counted(len(plan.missing), 'topic')} missing: rapport topics apply", "cyan")
    return Text("all topics are there", "green")


def _state(plan: Plan, wanted: Wanted) -> Text:
    weights = (each.weight for each in plan.differences if each.topic == wanted.name)
    return Text(*MARKS[max(weights, key=ORDER.index, default=Weight.OK)])


def _kept(config: Mapping[str, str]) -> str:
    """Return for how long records are kept."""
    policy = config.get("cleanup.policy", "unknown")
    if policy == "compact":
        return "latest of a key"
    kept = int(config.get("retention.ms", FOREVER))
    days = "for ever" if kept == FOREVER else f"{kept / topics.DAY_MS:,.3g} days"
    return days if policy == "delete" else policy
