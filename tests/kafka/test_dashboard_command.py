"""`rapport dashboard` where it cannot begin: one line that says what to change."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from streams import topics
from streams.materialised.file import NAME
from tests.kafka.broker import Broker
from tests.kafka.commands import COMMAND, LONG_S, environment, rapport
from tests.kafka.conftest import Fresh
from tests.kafka.dashboards import Dashboard, served
from tests.kafka.secured import Permission, SecuredBroker
from tests.materialised.building import Bench, scores, told

NOBODY = Broker(bootstrap="127.0.0.1:1")


@pytest.mark.parametrize(
    ("settings", "code", "words"),
    [
        ({"broker": ""}, 2, "give --broker, or set RAPPORT_BROKER"),
        ({"model": "none"}, 2, "none"),
        ({"host": "0.0.0.0"}, 2, "a token is needed"),
        ({}, 1, "127.0.0.1:1 cannot be reached"),
        ({"data": "/dev/null"}, 1, "/dev/null cannot be used"),
    ],
)
def test_a_bad_setting_ends_it_at_once(
    names: Fresh, tmp_path: Path, settings: dict[str, str], code: int, words: str
) -> None:
    """With 2 where a setting is bad, and with 1 where something outside is."""
    variables = environment(NOBODY, names, **{"port": 0, "data": tmp_path / "data", **settings})

    ended = rapport(variables, "dashboard")

    assert ended.returncode == code, ended.stderr
    assert words in ended.stderr


def test_a_missing_topic_is_named(broker: Broker, fresh: Fresh, tmp_path: Path) -> None:
    """With the command that makes it; where there is nothing to serve, nothing is served."""
    ended = rapport(environment(broker, fresh, port=0, data=tmp_path), "dashboard")

    assert ended.returncode == 1, ended.stderr
    assert f"there is no topic {fresh.topic(topics.SCORES.name)}: run `rapport topics apply`" in ended.stderr


def test_another_process_may_not_work_on_the_same_file(broker: Broker, fresh: Fresh, tmp_path: Path) -> None:
    """The second one says who does."""
    broker.create_public_topics(fresh.app, partitions=1, prefix=fresh.prefix)
    with served(Dashboard(broker, fresh, tmp_path)) as dashboard:
        ended = rapport(environment(broker, fresh, port=0, data=tmp_path / "dashboard"), "dashboard")

    assert ended.returncode == 1, ended.stderr
    assert f"in use by process {dashboard.process.pid}" in ended.stderr


def test_it_needs_read_on_the_outputs_and_nothing_else(
    secured: SecuredBroker, names: Fresh, tmp_path: Path
) -> None:
    """Without one of them it says which; with all it serves."""
    secured.create_public_topics(names.app, partitions=2, prefix=names.prefix)
    needed = [
        Permission("topic", names.topic(topic.name), "read", prefixed=False) for topic in topics.OUTPUTS
    ]
    secured.allow(needed[1:])
    settings = {"port": 0, "data": tmp_path / "data", **secured.way_in()}

    refused = rapport(environment(secured, names, **settings), "dashboard")
    secured.allow(needed[:1])
    with served(Dashboard(secured, names, tmp_path, **secured.way_in())) as dashboard:
        status = dashboard.get("/v1/status")

    assert refused.returncode == 1, refused.stderr
    assert f"may not read the topic {needed[0].name}" in refused.stderr
    assert status["ready"]


def test_what_it_makes_is_its_owners_alone(names: Fresh, tmp_path: Path) -> None:
    """Directory and files, whatever the umask: customers are in them."""
    data = tmp_path / "data"

    rapport(environment(NOBODY, names, port=0, data=data), "dashboard")

    assert oct(data.stat().st_mode & 0o777) == "0o700"
    assert oct((data / NAME).stat().st_mode & 0o777) == "0o600"


def test_another_programs_file_is_named_and_left_alone(names: Fresh, tmp_path: Path) -> None:
    """One line, and nothing is deleted."""
    with closing(sqlite3.connect(tmp_path / NAME)) as other:
        other.execute("CREATE TABLE mine (x)")
        other.commit()

    ended = rapport(environment(NOBODY, names, port=0, data=tmp_path), "dashboard")

    assert ended.returncode == 1, ended.stderr
    assert f"{tmp_path / NAME} belongs to another program" in ended.stderr
    with closing(sqlite3.connect(tmp_path / NAME)) as other:
        assert other.execute("SELECT count(*) FROM mine").fetchone() == (0,)


def test_an_error_beyond_the_directory_is_not_told_as_the_directorys(names: Fresh, tmp_path: Path) -> None:
    """A start that cannot be shown: what follows the topics is ended first, and the error is itself."""
    bench = Bench(tmp_path)
    bench.take(told(scores(1)), positions={(topics.SCORES.name, 0): 1})  # so that it serves without a broker
    bench.file.close()
    variables = environment(NOBODY, names, port=0, data=tmp_path)

    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [sys.executable, "-c", COMMAND, "dashboard"], env=variables, stdout=full, stderr=subprocess.PIPE,
            text=True, timeout=LONG_S, check=False,
        )  # fmt: skip

    assert ended.returncode != 0
    assert "No space left on device" in ended.stderr
    assert "cannot be used" not in ended.stderr
    assert "ProgrammingError" not in ended.stderr
