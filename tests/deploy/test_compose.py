"""The Compose file and the image, as far as they can be held without a container engine."""

import base64
import json
import re
import tomllib
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from streams.cli.main import main
from streams.settings import PREFIX, Settings, load, variable
from tests.kafka import artifacts

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = {name: each for name, each in SERVICES.items() if "build" in each}
DOCKERFILE = (ROOT / "deploy/docker/Dockerfile").read_text(encoding="utf-8")
INSTRUCTIONS = [line for line in DOCKERFILE.replace("\\\n", " ").splitlines() if line and line[0] != "#"]
ALLOWED = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]


def values(instruction: str) -> list[str]:
    """Return what the Dockerfile says after each instruction of a kind."""
    return [
        line.removeprefix(f"{instruction} ") for line in INSTRUCTIONS if line.startswith(f"{instruction} ")
    ]


def command_of(words: list[str]) -> click.Command:
    """Return the command that words of a Compose file call, as `rapport` finds it."""
    found: click.Command = main
    for word in words:
        context = click.Context(found)
        below = found.get_command(context, word) if isinstance(found, click.Group) else None
        assert below is not None, f"rapport {' '.join(words)} is no command"
        found = below
    return found


# Compose


def test_the_services_are_a_broker_its_topics_workers_and_people() -> None:
    """Two workers; the people come only when they are asked for."""
    assert set(SERVICES) == {"kafka", "topics", "worker", "demo"}
    assert SERVICES["worker"]["deploy"]["replicas"] == 2
    assert [name for name, each in SERVICES.items() if each.get("profiles")] == ["demo"]
    assert set(OURS) == {"topics", "worker", "demo"}


def test_each_starts_when_what_it_needs_is_there() -> None:
    """The topics when the broker answers, all others when the topics are made."""
    assert SERVICES["topics"]["depends_on"] == {"kafka": {"condition": "service_healthy"}}
    for name in ("worker", "demo"):
        assert SERVICES[name]["depends_on"] == {"topics": {"condition": "service_completed_successfully"}}
    assert SERVICES["kafka"]["healthcheck"]["test"][0] == "CMD"
    assert "restart" not in SERVICES["topics"]


@pytest.mark.parametrize("name", OURS)
def test_environment_variables_are_settings_that_can_be_loaded(name: str) -> None:
    """A misspelt one would stop every container."""
    environment = OURS[name]["environment"]

    settings = load(environment, file=ROOT / "there-is-none.toml")

    assert set(environment) <= {variable(field) for field in Settings.__struct_fields__}
    assert settings.broker == "kafka:19092"
    assert all(isinstance(each, str) for each in environment.values())


def test_a_variable_that_is_no_setting_would_be_seen() -> None:
    """The fault planted."""
    with pytest.raises(Exception, match="there is no setting RAPPORT_BROKERS"):
        load({f"{PREFIX}BROKERS": "kafka:19092"}, file=ROOT / "there-is-none.toml")


@pytest.mark.parametrize("name", ["topics", "worker"])
def test_commands_are_commands_that_take_no_arguments(name: str) -> None:
    """They are looked up as `rapport` does it, and need nothing but the environment."""
    command = command_of(SERVICES[name]["command"])

    assert not isinstance(command, click.Group)
    assert [each.name for each in command.params if each.required] == []
    assert json.loads(values("ENTRYPOINT")[0]) == ["rapport"]


def test_a_command_that_does_not_exist_would_be_seen() -> None:
    """The fault planted."""
    with pytest.raises(AssertionError, match="rapport topics make is no command"):
        command_of(["topics", "make"])


def test_workers_that_end_are_started_again_and_have_time_to_end() -> None:
    """A fenced or stuck worker ends with a code; a tidy end takes under ten seconds, and a suspend five."""
    assert SERVICES["worker"]["restart"] == "unless-stopped"
    assert int(SERVICES["worker"]["stop_grace_period"].removesuffix("s")) >= 15


def test_kafka_is_the_one_that_the_tests_run_on() -> None:
    """And one that has what a single node needs: no replicas of what exactly once rests on."""
    environment = SERVICES["kafka"]["environment"]

    assert SERVICES["kafka"]["image"] == f"apache/kafka:{artifacts.VERSION}"
    for name in ("OFFSETS_TOPIC_REPLICATION_FACTOR", "TRANSACTION_STATE_LOG_REPLICATION_FACTOR"):
        assert environment[f"KAFKA_{name}"] == 1
    assert environment["KAFKA_TRANSACTION_STATE_LOG_MIN_ISR"] == 1
    assert len(base64.urlsafe_b64decode(environment["CLUSTER_ID"] + "==")) == 16
    assert f"{environment['KAFKA_LOG_DIRS']}" in SERVICES["kafka"]["volumes"][0]


def test_the_listeners_of_kafka_fit_each_other() -> None:
    """Each has an address to listen on and a protocol; the workers' broker is one that is advertised."""
    environment = SERVICES["kafka"]["environment"]
    listening = dict(each.split("://") for each in environment["KAFKA_LISTENERS"].split(","))
    advertised = dict(each.split("://") for each in environment["KAFKA_ADVERTISED_LISTENERS"].split(","))
    protocols = dict(
        each.split(":") for each in environment["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"].split(",")
    )

    assert set(protocols) == set(listening) == {*advertised, environment["KAFKA_CONTROLLER_LISTENER_NAMES"]}
    assert environment["KAFKA_INTER_BROKER_LISTENER_NAME"] in advertised
    assert OURS["worker"]["environment"]["RAPPORT_BROKER"] in advertised.values()
    for name, address in advertised.items():
        assert address.rpartition(":")[2] == listening[name].rpartition(":")[2]
    controller = listening[environment["KAFKA_CONTROLLER_LISTENER_NAMES"]].rpartition(":")[2]
    assert environment["KAFKA_CONTROLLER_QUORUM_VOTERS"] == f"1@kafka:{controller}"


def test_ports_are_reached_from_this_machine_alone() -> None:
    """Nothing here asks for a password."""
    ports = [port for each in SERVICES.values() for port in each.get("ports", [])]

    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_images_are_pinned_and_ours_has_the_version_of_the_project() -> None:
    """A tag that moves would make tomorrow's fleet another one."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    images = [each["image"] for each in SERVICES.values()]
    bases = [line.split(" ")[0] for line in values("FROM")]

    assert all(re.fullmatch(r"[\w./-]+:\d+\.\d+\.\d+[\w.-]*", image) for image in images + bases)
    assert {each["image"] for each in OURS.values()} == {f"rapport:{project['project']['version']}"}
    assert all((ROOT / each["build"]["dockerfile"]).is_file() for each in OURS.values())


# The image


def test_the_image_is_built_in_stages_and_runs_without_privileges() -> None:
    """The compiler stays behind; the user is not root, and owns the compiled engine."""
    assert len(values("FROM")) == 2
    assert set(values("FROM")) == {values("FROM")[1], f"{values('FROM')[1]} AS build"}
    last = INSTRUCTIONS[INSTRUCTIONS.index(f"FROM {values('FROM')[1]}") :]
    assert "USER rapport" in last
    assert not any("gcc" in line for line in last)
    assert "COPY --from=build --chown=rapport:rapport /opt/engine /opt/engine" in last
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert values("FROM")[1].startswith(f"python:{project['requires-python'].removeprefix('>=')}.")


def test_requirements_are_installed_by_their_hashes() -> None:
    """All that comes from an index is in the lock; the project itself brings nothing along."""
    installs = [line for line in values("RUN") if line.startswith("pip install")]

    assert installs == [
        "pip install --require-hashes --requirement /src/requirements.lock",
        "pip install --no-deps .",
    ]


def test_the_engine_is_compiled_for_any_cpu_and_found_where_it_was_put() -> None:
    """Both stages say the same, or a start would compile for a minute what is there already."""
    build, last = (
        {word for line in _environment(stage) for word in line.split() if word.startswith("NUMBA")}
        for stage in (0, 1)
    )

    assert build == last == {"NUMBA_CPU_NAME=generic", 'NUMBA_CPU_FEATURES=""', "NUMBA_CACHE_DIR=/opt/engine"}
    assert any("prepare()" in line for line in values("RUN"))


def _environment(number: int) -> list[str]:
    """Return the values of ENV in a stage."""
    starts = [at for at, line in enumerate(INSTRUCTIONS) if line.startswith("FROM ")] + [len(INSTRUCTIONS)]
    lines = INSTRUCTIONS[starts[number] : starts[number + 1]]
    return [line.removeprefix("ENV ") for line in lines if line.startswith("ENV ")]


def test_health_is_asked_of_the_port_that_the_settings_say() -> None:
    """By default that of the metrics; services without one switch the question off."""
    [check] = values("HEALTHCHECK")

    assert f"'{variable('metrics_port')}', '{Settings().metrics_port}'" in check
    assert "/healthz" in check
    compile(json.loads(check[check.index("[") :])[2], "healthcheck", "exec")
    assert [name for name, each in OURS.items() if "healthcheck" not in each] == ["worker"]


def test_what_is_copied_is_there_and_let_through() -> None:
    """The build context is closed but for what the image needs: no data, no keys, no history."""
    copied = [word for line in values("COPY") if not line.startswith("--from") for word in line.split()[:-1]]

    assert copied
    assert set(copied) == set(ALLOWED)
    assert all((ROOT / name).exists() for name in copied)
    assert (ROOT / ".dockerignore").read_text().splitlines()[1] == "*"
    assert SERVICES["demo"]["entrypoint"] == ["python", values("COPY")[-1].split()[-1]]
