"""Every metric and label in rules, dashboards and README is one that the code exports; none is forgotten."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from deploy.grafana.__main__ import dashboards
from streams.metrics_table import exported, table
from tests.deploy import promql
from tests.deploy.prometheus import DIRECTORY, ROOT, read, rules

README = (ROOT / "README.md").read_text(encoding="utf-8")
EXPORTED = exported()
LABELS = {series: frozenset(each.labels) for each in EXPORTED for series in each.series}
OF_THE_TARGET = frozenset({"job", "instance"})
RECORDS = rules("record")
ALERTS = rules("alert")
THEIRS = {"up", "process_start_time_seconds", "ALERTS"}  # Prometheus' and its client library's


class Use(NamedTuple):
    """An expression, where it stands, and labels that are shown of what it gives."""

    where: str
    expr: str
    shown: frozenset[str] = frozenset()


def recorded_labels() -> dict[str, frozenset[str]]:
    """Return the labels that each recorded series can have: those its expression groups by or passes on."""
    found: dict[str, frozenset[str]] = {}
    for name, rule in RECORDS.items():
        speaks = promql.of(rule["expr"])
        passed = [found.get(metric) or LABELS.get(metric, frozenset()) for metric in speaks.metrics]
        found[name] = (speaks.labels | frozenset().union(*passed)) - {"partition"} | {"job"}
    return found


def uses() -> Iterator[Use]:
    for name, rule in RECORDS.items():
        yield Use(f"rule {name}", rule["expr"])
    for name, rule in ALERTS.items():
        shown = promql.of_legend(" ".join(rule["annotations"].values()))
        yield Use(f"alert {name}", rule["expr"], shown)
    for file, dashboard in dashboards().items():
        for panel in dashboard["panels"]:
            for target in panel.get("targets", ()):
                shown = promql.of_legend(target["legendFormat"])
                yield Use(f"{file}: {panel['title']}", target["expr"], shown)
        for variable in dashboard["templating"]["list"]:
            if variable["type"] == "query":
                metric, label = re.findall(r"label_values\((\w+), (\w+)\)", variable["definition"])[0]
                yield Use(f"{file}: ${variable['name']}", metric, frozenset({label}))


def known() -> dict[str, frozenset[str]]:
    """Return the labels of every series that there can be."""
    buckets = {name: labels | {"le"} for name, labels in LABELS.items() if name.endswith("_bucket")}
    return {name: labels | OF_THE_TARGET for name, labels in (LABELS | buckets | recorded_labels()).items()}


def test_no_rule_and_no_panel_speaks_of_a_metric_that_is_not_exported() -> None:
    """A renamed metric would leave a panel empty and an alert silent, for ever."""
    names = set(known())

    strange = {use.where: missing for use in uses() if (missing := promql.of(use.expr).metrics - names)}

    assert strange == {}


def test_no_rule_and_no_panel_speaks_of_a_label_that_its_metrics_do_not_have() -> None:
    """Neither in selectors and groupings, nor in what is shown."""
    labels = known()
    strange = {}
    for use in uses():
        speaks = promql.of(use.expr)
        of_metrics = frozenset().union(*(labels[name] for name in speaks.metrics)) | OF_THE_TARGET
        if missing := (speaks.labels | use.shown) - of_metrics:
            strange[use.where] = missing

    assert strange == {}


def test_every_metric_is_looked_at_somewhere() -> None:
    """What no rule and no panel reads is exported for nobody."""
    read_somewhere = {name for use in uses() for name in promql.of(use.expr).metrics}

    unread = {each.name for each in EXPORTED if not each.series & read_somewhere}

    assert unread == set()


def test_every_recorded_series_is_looked_at_somewhere() -> None:
    """By another rule, an alert or a panel."""
    used = {name for use in uses() for name in promql.of(use.expr).metrics if use.where != f"rule {name}"}

    assert set(RECORDS) - used == set()


def test_the_readme_has_the_table_of_metrics() -> None:
    """As `python -m streams.metrics_table` prints it."""
    section = README.split("\n## Metrics\n")[1].split("\n## ")[0]

    assert table() in section


def test_the_readme_speaks_of_no_other_metric() -> None:
    """Nor does the test of the rules use a series that nobody exports."""
    words = set(re.findall(r"\bengagement_\w+", README)) - {"engagement_"}
    names = {each.name for each in EXPORTED} | set(LABELS)

    assert words <= names
    tested = {
        name
        for path in (DIRECTORY / "tests").glob("*.yml")
        for test in read(path)["tests"]
        for each in test["input_series"]
        for name in promql.of(each["series"]).metrics
    }
    assert tested <= set(known())


def test_every_metric_has_a_meaning_and_a_unit_that_is_no_other() -> None:
    """Base units: seconds and bytes, never their multiples; a counter ends in _total, and only a counter."""
    for each in EXPORTED:
        assert each.what.endswith("."), each.name
        assert not re.search(r"_(ms|millis\w*|minutes|hours|days|kb|mb|percent)(_|$)", each.name), each.name
        assert each.name.endswith("_total") == (each.type == "counter"), each.name


def test_the_finder_of_names_finds_them() -> None:
    """Selectors, groupings and joins; not the words within strings."""
    speaks = promql.of(
        'sum by (job, le) (rate(engagement_a_bucket{reason="by (x)", verdict!~"y"}[5m])) '
        "/ on (job) group_left (name) job_b:engagement_c:sum > 0"
    )

    assert speaks.metrics == {"engagement_a_bucket", "job_b:engagement_c:sum"}
    assert speaks.labels == {"job", "le", "reason", "verdict", "name"}
    assert promql.of_legend("{{ $labels.job }} {{stage}}") == {"job", "stage"}
