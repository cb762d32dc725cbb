"""The Compose file, read by Compose itself; what it would start is held against what there is."""

import base64
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from streams.cli.main import main
from streams.settings import PREFIX, Settings, load, variable
from tests.deploy.dockerfile import PATH as DOCKERFILE
from tests.deploy.dockerfile import ROOT, stages, values
from tests.kafka import artifacts

FILE = ROOT / "docker-compose.yml"
TOKEN = "a token of enough characters"
OURS = ("topics", "worker", "dashboard", "demo")
MOUNTED_IN_PROMETHEUS = yaml.safe_load((ROOT / "deploy/compose/prometheus.yml").read_text(encoding="utf-8"))


def compose(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run Compose, which needs no container engine to read a file."""
    program = Path(sys.executable).with_name("docker-compose")
    kept = {name: value for name, value in os.environ.items() if not name.startswith((PREFIX, "COMPOSE"))}
    return subprocess.run(
        [program, "--profile", "*", *arguments],
        cwd=ROOT,
        env=kept | variables,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def resolved() -> dict[str, Any]:
    """What Compose makes of the file."""
    ran = compose("config", "--format", "json", RAPPORT_TOKEN=TOKEN)
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr == ""
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


@pytest.fixture(scope="module")
def services(resolved: dict[str, Any]) -> dict[str, Any]:
    """What it would start."""
    found: dict[str, Any] = resolved["services"]
    return found


def command_of(words: list[str]) -> click.Command:
    """Return the command that words of a Compose file call, as `rapport` finds it."""
    found: click.Command = main
    for word in words:
        context = click.Context(found)
        below = found.get_command(context, word) if isinstance(found, click.Group) else None
        assert below is not None, f"rapport {' '.join(words)} is no command"
        found = below
    return found


def test_a_misspelt_key_would_be_seen(tmp_path: Path) -> None:
    """The fault planted: Compose knows its own file."""
    planted = tmp_path / "docker-compose.yml"
    planted.write_text(FILE.read_text().replace("read_only: true", "readonly: true", 1))

    ran = compose("--file", str(planted), "config", "--quiet", RAPPORT_TOKEN=TOKEN)

    assert ran.returncode != 0
    assert "readonly" in ran.stderr


def test_without_a_token_nothing_starts_and_the_way_to_one_is_said() -> None:
    """The dashboard listens to more than this machine."""
    ran = compose("config", "--quiet")

    assert ran.returncode != 0
    assert "RAPPORT_TOKEN is missing a value: is not set. Make one with openssl" in ran.stderr


def test_the_services_are_a_fleet_what_watches_it_and_people(services: dict[str, Any]) -> None:
    """Two workers; the people come only when they are asked for."""
    watching = {"prometheus", "alertmanager", "grafana"}
    assert set(services) == {"kafka", *OURS, *watching}
    assert services["worker"]["deploy"]["replicas"] == 2
    assert [name for name, each in services.items() if each.get("profiles")] == ["demo"]
    assert {name for name, each in services.items() if "build" in each} == set(OURS)


def test_each_starts_when_what_it_needs_is_there(services: dict[str, Any]) -> None:
    """The topics when the broker answers, all others of ours when the topics are made."""
    after = {
        name: {on: how["condition"] for on, how in services[name]["depends_on"].items()} for name in OURS
    }

    assert after["topics"] == {"kafka": "service_healthy"}
    for name in ("worker", "dashboard", "demo"):
        assert after[name] == {"topics": "service_completed_successfully"}
    assert services["topics"]["restart"] == "no"


@pytest.mark.parametrize("name", OURS)
def test_environment_variables_are_settings_that_can_be_loaded(services: dict[str, Any], name: str) -> None:
    """A misspelt one would stop every container."""
    environment = services[name]["environment"]

    settings = load(environment, file=ROOT / "there-is-none.toml")

    assert set(environment) <= {variable(field) for field in Settings.__struct_fields__}
    assert settings.broker == "kafka:19092"
    assert (settings.token is not None) == (name in {"worker", "dashboard"}), "only who listens has the token"


def test_a_variable_that_is_no_setting_would_be_seen() -> None:
    """The fault planted."""
    with pytest.raises(Exception, match="there is no setting RAPPORT_BROKERS"):
        load({f"{PREFIX}BROKERS": "kafka:19092"}, file=ROOT / "there-is-none.toml")


@pytest.mark.parametrize("name", ["topics", "worker", "dashboard"])
def test_commands_are_commands_that_take_no_arguments(services: dict[str, Any], name: str) -> None:
    """They are looked up as `rapport` does it, and need nothing but the environment."""
    command = command_of(services[name]["command"])

    assert not isinstance(command, click.Group)
    assert [each.name for each in command.params if each.required] == []


def test_a_command_that_does_not_exist_would_be_seen() -> None:
    """The fault planted."""
    with pytest.raises(AssertionError, match="rapport topics make is no command"):
        command_of(["topics", "make"])


def test_the_people_are_a_program_of_the_image(services: dict[str, Any]) -> None:
    """Where the recipe puts it."""
    *sources, target = values(stages(DOCKERFILE.read_text(encoding="utf-8"))[-1], "COPY")[-1].split()
    _, program = services["demo"]["entrypoint"]

    assert program.startswith(target)
    assert f"deploy/docker/{program.removeprefix(target)}" in sources


def test_services_that_end_are_started_again_and_have_time_to_end(services: dict[str, Any]) -> None:
    """A fenced or stuck worker ends with a code; a tidy end takes under ten seconds, and a suspend five."""
    assert {name for name, each in services.items() if each["restart"] != "unless-stopped"} == {"topics"}
    for name in ("worker", "dashboard"):
        assert int(services[name]["stop_grace_period"].removesuffix("s")) >= 15


def test_each_that_serves_says_whether_it_is_well(services: dict[str, Any]) -> None:
    """By the image's own question where it is ours; what serves nothing switches that off."""
    [check] = values(stages(DOCKERFILE.read_text(encoding="utf-8"))[-1], "HEALTHCHECK")
    off = {name for name, each in services.items() if each.get("healthcheck", {}).get("disable")}
    own = {name for name, each in services.items() if each.get("healthcheck", {}).get("test")}

    assert check
    assert off == {"topics", "demo"}
    assert set(services) - off - own == {"worker", "dashboard"}


def test_no_service_may_do_more_than_it_must(services: dict[str, Any]) -> None:
    """No capabilities, no way to more, no endless memory; and a root that is read-only, but for Kafka's."""
    for name, each in services.items():
        assert each["cap_drop"] == ["ALL"], name
        assert each["security_opt"] == ["no-new-privileges:true"], name
        assert set(each["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}, name
        assert not each.get("privileged")
        assert each.get("read_only", False) == (name != "kafka"), name
    for name in OURS:
        assert services[name]["tmpfs"], "the compiled engine is copied there"


def test_kafka_is_the_one_that_the_tests_run_on(services: dict[str, Any]) -> None:
    """And one that has what a single node needs: no replicas of what exactly once rests on."""
    environment = services["kafka"]["environment"]

    assert services["kafka"]["image"] == f"apache/kafka:{artifacts.VERSION}"
    for name in ("OFFSETS_TOPIC_REPLICATION_FACTOR", "TRANSACTION_STATE_LOG_REPLICATION_FACTOR"):
        assert environment[f"KAFKA_{name}"] == "1"
    assert environment["KAFKA_TRANSACTION_STATE_LOG_MIN_ISR"] == "1"
    assert len(base64.urlsafe_b64decode(environment["CLUSTER_ID"] + "==")) == 16
    assert environment["KAFKA_LOG_DIRS"] in [volume["target"] for volume in services["kafka"]["volumes"]]


def test_the_listeners_of_kafka_fit_each_other(services: dict[str, Any]) -> None:
    """Each has an address to listen on and a protocol; the workers' broker is one that is advertised."""
    environment = services["kafka"]["environment"]
    listening = dict(each.split("://") for each in environment["KAFKA_LISTENERS"].split(","))
    advertised = dict(each.split("://") for each in environment["KAFKA_ADVERTISED_LISTENERS"].split(","))
    protocols = dict(
        each.split(":") for each in environment["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"].split(",")
    )

    assert set(protocols) == set(listening) == {*advertised, environment["KAFKA_CONTROLLER_LISTENER_NAMES"]}
    assert environment["KAFKA_INTER_BROKER_LISTENER_NAME"] in advertised
    assert services["worker"]["environment"]["RAPPORT_BROKER"] in advertised.values()
    for name, address in advertised.items():
        assert address.rpartition(":")[2] == listening[name].rpartition(":")[2]
    controller = listening[environment["KAFKA_CONTROLLER_LISTENER_NAMES"]].rpartition(":")[2]
    assert environment["KAFKA_CONTROLLER_QUORUM_VOTERS"] == f"1@kafka:{controller}"


def test_ports_are_reached_from_this_machine_alone(services: dict[str, Any]) -> None:
    """Grafana, Prometheus and Kafka ask nobody who he is."""
    ports = [port for each in services.values() for port in each.get("ports", [])]

    assert {port["published"] for port in ports} == {"9092", "8080", "9090", "9093", "3000"}
    assert {port["host_ip"] for port in ports} == {"127.0.0.1"}


def test_images_are_pinned_and_ours_has_the_version_of_the_project(services: dict[str, Any]) -> None:
    """A tag that moves would make tomorrow's fleet another one."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    images = [each["image"] for each in services.values()]

    assert all(re.fullmatch(r"[\w./-]+:v?\d+\.\d+\.\d+[\w.-]*", image) for image in images)
    assert {services[name]["image"] for name in OURS} == {f"rapport:{project['project']['version']}"}
    assert {services[name]["build"]["dockerfile"] for name in OURS} == {str(DOCKERFILE.relative_to(ROOT))}


def test_what_is_mounted_from_the_repository_is_there_and_read_only(services: dict[str, Any]) -> None:
    """An engine would make a directory of what is missing, and Prometheus would not start."""
    binds = [
        volume for each in services.values() for volume in each.get("volumes", []) if volume["type"] == "bind"
    ]

    assert binds
    assert [volume["source"] for volume in binds if not Path(volume["source"]).exists()] == []
    assert all(volume["read_only"] for volume in binds)


def test_prometheus_scrapes_the_services_and_has_the_token(
    services: dict[str, Any], resolved: dict[str, Any]
) -> None:
    """Names and ports are those of the services; the token comes as a file, and to nobody else."""
    workers, dashboard = MOUNTED_IN_PROMETHEUS["scrape_configs"]
    [discovery] = workers["dns_sd_configs"]
    [target] = dashboard["static_configs"][0]["targets"]
    [alertmanager] = MOUNTED_IN_PROMETHEUS["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"]

    assert discovery == {"names": ["worker"], "type": "A", "port": Settings().metrics_port}
    assert target == f"dashboard:{Settings().port}"
    assert services["dashboard"]["environment"]["RAPPORT_ALLOWED_HOSTS"] == "dashboard"
    assert alertmanager == "alertmanager:9093"
    assert resolved["secrets"]["rapport_token"]["environment"] == "RAPPORT_TOKEN"
    assert {name for name, each in services.items() if each.get("secrets")} == {"prometheus"}
    assert dashboard["authorization"]["credentials_file"] == "/run/secrets/rapport_token"
    mounted = {volume["target"] for volume in services["prometheus"]["volumes"]}
    assert {str(Path(each).parent) for each in MOUNTED_IN_PROMETHEUS["rule_files"]} <= mounted


def test_grafana_finds_its_dashboards_and_prometheus(services: dict[str, Any]) -> None:
    """Its provisioning names a directory that is mounted, and a variable that is set."""
    grafana = services["grafana"]
    mounted = {volume["target"]: volume["source"] for volume in grafana["volumes"]}
    provisioning = Path(mounted["/etc/grafana/provisioning"])

    [provider] = yaml.safe_load((provisioning / "dashboards/rapport.yml").read_text())["providers"]
    [source] = yaml.safe_load((provisioning / "datasources/prometheus.yml").read_text())["datasources"]

    assert mounted[provider["options"]["path"]] == str(ROOT / "deploy/grafana/dashboards")
    assert grafana["environment"][source["url"].strip("${}")] == "http://prometheus:9090"
