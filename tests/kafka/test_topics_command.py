"""`rapport topics` on a real Kafka: what is missing is made, what does not fit is refused."""

import subprocess
import sys

from streams import topics
from tests.kafka.broker import Broker
from tests.kafka.conftest import Fresh

COMMAND = "from streams.cli.main import main; main()"


def rapport(broker: Broker, fresh: Fresh, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run the command for one test's own names."""
    environment = {
        "RAPPORT_BROKER": broker.bootstrap,
        "RAPPORT_APP": fresh.app,
        "RAPPORT_TOPIC_PREFIX": fresh.prefix,
        "RAPPORT_PARTITIONS": "3",
    }
    return subprocess.run(
        [sys.executable, "-c", COMMAND, "topics", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_what_is_missing_is_made_once(broker: Broker, fresh: Fresh) -> None:
    """A plan changes nothing; a second apply finds all there."""
    planned = rapport(broker, fresh, "plan")
    applied = rapport(broker, fresh, "apply")
    again = rapport(broker, fresh, "plan")

    assert (planned.returncode, applied.returncode, again.returncode) == (0, 0, 0), applied.stderr
    assert planned.stdout.count("missing") == 8
    assert applied.stdout.count("  made ") == 8
    assert again.stdout.count("  there ") == again.stdout.count("3 partitions") == 8


def test_unequal_partitions_are_refused(broker: Broker, fresh: Fresh) -> None:
    """With the numbers, and before anything is made."""
    broker.create_topics(fresh.topic(topics.TOUCHPOINTS.name), partitions=2)
    broker.create_topics(fresh.topic(topics.SCORES.name), partitions=5)

    applied = rapport(broker, fresh, "apply")

    assert applied.returncode == 1
    assert "equally many partitions" in applied.stderr
    assert f"{fresh.topic(topics.SCORES.name)} 5" in applied.stderr
    assert rapport(broker, fresh, "plan").stdout.count("missing") == 6
