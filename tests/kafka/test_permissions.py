"""What a worker may not do on a secured Kafka: found by `rapport doctor`, and told by the worker itself."""

from pathlib import Path

import pytest

from tests.kafka.commands import environment, rapport
from tests.kafka.conftest import Fresh
from tests.kafka.fleet import wait_for
from tests.kafka.secured import Permission, SecuredBroker, permissions_in
from tests.kafka.trial import trial

OUTPUTS = ("scores", "transitions", "alerts", "kpis", "late", "dead-letters")


def each_on_its_own(names: Fresh) -> list[Permission]:
    """Return all that a worker needs, so that each can be taken away alone."""
    source, changelog = names.topic("engagement.touchpoints.v1"), f"{names.app}-customers-changelog"
    return [
        Permission("topic", source, "Read"),
        Permission("topic", source, "Write"),
        *(Permission("topic", names.topic(f"engagement.{name}.v1"), "Write") for name in OUTPUTS),
        Permission("topic", changelog, "Read"),
        Permission("topic", changelog, "Write"),
        Permission("group", names.app, "Read"),
        Permission("transactional_id", f"{names.app}-{source}-", "Write", prefixed=True),
    ]


def test_the_doctor_misses_each_permission_and_says_how_to_give_it(
    secured: SecuredBroker, names: Fresh
) -> None:
    """One after the other is taken away; what the doctor then says to run gives that one, and no other."""
    needed = each_on_its_own(names)
    variables = environment(secured, names, **secured.way_in())
    secured.create_public_topics(names.app, partitions=3, prefix=names.prefix)
    secured.allow(needed)
    assert rapport(variables, "doctor").returncode == 0

    for each in needed:
        secured.forbid([each])
        found = rapport(variables, "doctor")
        said = permissions_in(found.stdout)
        secured.allow(said)

        assert (found.returncode, found.stderr) == (1, "")
        assert said == [each]
        assert found.stdout.count("error") == 1, found.stdout


def test_without_any_permission_everything_is_missed_and_nothing_taken_to_be_missing(
    secured: SecuredBroker, names: Fresh
) -> None:
    """Topics that one may not see are not there for `topics apply` to make."""
    secured.create_public_topics(names.app, partitions=3, prefix=names.prefix)

    found = rapport(environment(secured, names, **secured.way_in()), "doctor")

    assert permissions_in(found.stdout) == each_on_its_own(names)
    assert "topics apply" not in found.stdout


@pytest.mark.parametrize("number", [0, 2, 8, 10, 11])
def test_a_worker_without_a_permission_does_not_start(
    secured: SecuredBroker, names: Fresh, number: int
) -> None:
    """It ends with 1 and one line that has the command."""
    needed = each_on_its_own(names)
    secured.create_public_topics(names.app, partitions=3, prefix=names.prefix)
    secured.allow([each for each in needed if each != needed[number]])

    ended = rapport(environment(secured, names, metrics_port=0, **secured.way_in()), "worker")

    said = [line for line in ended.stderr.splitlines() if not line.startswith("{")]
    assert (ended.returncode, len(said)) == (1, 1), ended.stderr
    assert permissions_in(said[0].replace("(", " ").replace(")", " ")) == [needed[number]]


TORTURE = pytest.mark.torture


@pytest.mark.parametrize("number", [0, pytest.param(2, marks=TORTURE), pytest.param(10, marks=TORTURE), 11])
def test_a_worker_that_loses_a_permission_ends_and_says_which(
    secured: SecuredBroker, names: Fresh, tmp_path: Path, number: int
) -> None:
    """Of the input, an output, the group or the transactions: code 1, and a line with the command."""
    needed = each_on_its_own(names)
    secured.allow(needed)
    with trial(secured, names, tmp_path, seed=43, partitions=1, **secured.way_in()) as run:
        (member,) = run.fleet.start()
        run.fleet.wait_until_ready()
        run.flow(rate=100)
        wait_for("it processes", lambda: member.metrics("engagement_flush_seconds_count")[""] > 1)

        secured.forbid([needed[number]])
        code = member.wait(60)

        said = [line for line in member.tail(200).splitlines() if line.startswith("Error: ")]
        assert (code, len(said)) == (1, 1), member.tail()
        assert permissions_in(said[0].replace("(", " ").replace(")", " ")) == [needed[number]]
