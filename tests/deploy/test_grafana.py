"""The dashboards: generated, committed as generated, laid out without gaps, and of no model in particular."""

import json
import re
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.grafana.__main__ import DIRECTORY, dashboards, text
from deploy.grafana.panels import BAD, GOOD, WARN
from streams.model.load import load_model
from tests.deploy.prometheus import ROOT, run

DASHBOARDS = dashboards()
PROVISIONING = ROOT / "deploy" / "grafana" / "provisioning"
NUMBERS = {"$__rate_interval": "5m", "$__range": "1h", "$__interval": "1m"}


def panels(dashboard: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for each in dashboard["panels"] if each["type"] != "row"]


def expressions(dashboard: dict[str, Any]) -> list[str]:
    return [target["expr"] for panel in panels(dashboard) for target in panel["targets"]]


@pytest.mark.parametrize("name", sorted(DASHBOARDS))
def test_what_is_committed_is_what_is_generated(name: str) -> None:
    """`python -m deploy.grafana` writes them anew."""
    committed = (DIRECTORY / name).read_text(encoding="utf-8")

    assert committed == text(DASHBOARDS[name])


def test_no_other_dashboard_lies_there() -> None:
    """One that was renamed is gone."""
    assert {path.name for path in DIRECTORY.iterdir()} == set(DASHBOARDS)


def test_dashboards_know_no_model() -> None:
    """Frameworks, stages, scores, questions, signals and alerts appear by themselves, under any name."""
    model = load_model("starter")
    named = {
        *(framework.name for framework in model.frameworks),
        *(stage.name for each in model.frameworks for stage in (*each.stages, *each.exits)),
        *(score.name for score in model.scores),
        *(question.name for question in model.questions),
        *(alert.name for alert in model.alerts),
        *(signal for entry in model.touchpoints for signal, _ in entry.signals),
    }
    said = {
        word for dashboard in DASHBOARDS.values() for expr in expressions(dashboard)
        for word in re.findall(r'=~?"([^"]*)"', expr)
    }  # fmt: skip

    assert said & named == set()
    assert said <= {"$job", "$framework", "$score", "1", "7", "28", "late", "running"}


@pytest.mark.parametrize("name", sorted(DASHBOARDS))
def test_panels_fill_the_grid_and_lie_on_none_of_each_other(name: str) -> None:
    """Lines are full to the last column, or nearly; nothing reaches out of the grid."""
    places = [panel["gridPos"] for panel in DASHBOARDS[name]["panels"]]

    for one, other in combinations(places, 2):
        apart = (
            one["x"] + one["w"] <= other["x"]
            or other["x"] + other["w"] <= one["x"]
            or one["y"] + one["h"] <= other["y"]
            or other["y"] + other["h"] <= one["y"]
        )
        assert apart
    assert all(place["x"] >= 0 and place["x"] + place["w"] <= 24 for place in places)


@pytest.mark.parametrize("name", sorted(DASHBOARDS))
def test_every_panel_says_what_it_shows(name: str) -> None:
    """A title, a description, a unit; ids and titles are given once."""
    found = panels(DASHBOARDS[name])

    assert all(panel["title"] and panel["description"].endswith(".") for panel in found)
    assert all(panel["fieldConfig"]["defaults"]["unit"] for panel in found)
    assert len({panel["id"] for panel in found}) == len(found)
    assert len({panel["title"] for panel in found}) == len(found)


def test_verdicts_are_told_apart_by_any_colour_vision() -> None:
    """Every threshold is one of three colours of Okabe and Ito, or neutral; no plain red and green."""
    colours = {
        step["color"]
        for dashboard in DASHBOARDS.values()
        for panel in panels(dashboard)
        for step in panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
    }

    assert colours == {GOOD, WARN, BAD, "#0072B2"}


def test_prometheus_can_read_every_query(tmp_path: Path) -> None:
    """As rules, with the variables filled in, by Prometheus' own parser."""
    rules = []
    for name, dashboard in DASHBOARDS.items():
        for number, expr in enumerate(expressions(dashboard)):
            filled = re.sub(r"\$__\w+", lambda variable: NUMBERS[variable[0]], expr)
            rules.append({"record": f"x:{name.split('.')[0].replace('-', '_')}:{number}", "expr": filled})
    file = tmp_path / "rules.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": rules}]}), encoding="utf-8")

    ran = run("promtool", "check", "rules", file)

    assert ran.returncode == 0, ran.stdout
    assert f"{len(rules)} rules found" in ran.stdout


def test_dashboards_are_provisioned_with_the_source_that_they_ask_for() -> None:
    """The uid of the data source is the default of the dashboards' variable."""
    (source,) = yaml.safe_load((PROVISIONING / "datasources" / "prometheus.yml").read_text())["datasources"]
    (provider,) = yaml.safe_load((PROVISIONING / "dashboards" / "rapport.yml").read_text())["providers"]

    for dashboard in DASHBOARDS.values():
        variables = {each["name"]: each for each in dashboard["templating"]["list"]}
        assert variables["datasource"]["current"]["value"] == source["uid"]
        used = set(re.findall(r'"\$(\w+)"', json.dumps([*expressions(dashboard)]).replace("\\", "")))
        assert used <= set(variables)
    assert provider["options"]["path"]
