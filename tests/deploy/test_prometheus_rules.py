"""The rules for Prometheus, checked and tried by its own tools; each is tested, and in the runbook."""

import re
from typing import Any

import pytest

from tests.deploy.prometheus import DIRECTORY, ROOT, read, rules, run

README = (ROOT / "README.md").read_text(encoding="utf-8")
ALERTS = rules("alert")
RECORDS = rules("record")
TESTS = [test for path in sorted((DIRECTORY / "tests").glob("*.yml")) for test in read(path)["tests"]]


def alert_tests() -> list[dict[str, Any]]:
    return [each for test in TESTS for each in test.get("alert_rule_test", ())]


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("promtool", ("check", "config", "prometheus.yml")),
        ("promtool", ("check", "rules", "rules/recording.yml", "rules/alerts.yml")),
        ("promtool", ("test", "rules", "tests/recording.yml", "tests/alerts.yml")),
        ("amtool", ("check-config", "alertmanager.yml")),
    ],
)
def test_prometheus_own_tools_find_no_fault(tool: str, arguments: tuple[str, ...]) -> None:
    """The example configuration, the rules, the tests of the rules, and the routes."""
    ran = run(tool, *arguments)

    assert ran.returncode == 0, ran.stdout


def test_every_file_of_rules_and_tests_is_looked_at() -> None:
    """The law above names them one by one."""
    assert {path.name for path in (DIRECTORY / "rules").iterdir()} == {"recording.yml", "alerts.yml"}
    assert {path.name for path in (DIRECTORY / "tests").iterdir()} == {"recording.yml", "alerts.yml"}


def test_every_alert_is_seen_to_fire_and_not_to_fire() -> None:
    """One test of each kind at least."""
    fires = {each["alertname"] for each in alert_tests() if each["exp_alerts"]}
    quiet = {each["alertname"] for each in alert_tests() if not each["exp_alerts"]}

    assert fires == quiet == set(ALERTS)


def test_every_recording_rule_has_a_test() -> None:
    """Known series in, known figures out."""
    tested = {
        name
        for test in TESTS
        for each in test.get("promql_expr_test", ())
        for name in re.findall(r"\w+(?::\w+)+", each["expr"])
    }

    assert tested == set(RECORDS)


def test_every_alert_says_how_bad_it_is_and_what_to_do() -> None:
    """Severity, a summary with the job, a description, and the line of the runbook."""
    for name, rule in ALERTS.items():
        assert rule["labels"]["severity"] in {"info", "warning", "critical"}, name
        assert set(rule["annotations"]) == {"summary", "description", "runbook"}, name
        assert "$labels" in rule["annotations"]["summary"], name


def test_the_runbook_has_a_line_for_each_alert_and_no_other() -> None:
    """The README says the same as the annotation, so nobody reads two versions."""
    section = README.split("\n## Runbook\n")[1].split("\n## ")[0]
    lines = dict(re.findall(r"^\| `(\w+)` \| \w+ \| (.+) \|$", section, re.MULTILINE))

    assert lines == {name: rule["annotations"]["runbook"] for name, rule in ALERTS.items()}


def test_routes_name_alerts_that_there_are() -> None:
    """An alert that was renamed is still inhibited."""
    routes = (DIRECTORY / "alertmanager.yml").read_text(encoding="utf-8")
    plain = re.findall(r'alertname="(\w+)"', routes)
    grouped = [
        f"Rapport{name}" for names in re.findall(r'alertname=~"Rapport\((.+?)\)"', routes)
        for name in names.split("|")
    ]  # fmt: skip

    assert {*plain, *grouped} <= set(ALERTS)
    assert plain
    assert grouped
