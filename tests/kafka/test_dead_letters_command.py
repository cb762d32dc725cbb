"""`rapport dead-letters replay` on a real Kafka: each letter is sent again once, to where it came from."""

import pytest
from confluent_kafka import Producer

from streams import topics
from tests.kafka.broker import Broker
from tests.kafka.commands import environment, rapport
from tests.kafka.conftest import Fresh
from tests.kafka.evidence import Read
from tests.kafka.reading import read_topics


class Desk:
    """One test's own topics, what is written to the dead letters, and what comes back."""

    def __init__(self, broker: Broker, fresh: Fresh) -> None:
        broker.create_public_topics(fresh.app, partitions=2, prefix=fresh.prefix)
        self.broker = broker
        self.source = fresh.topic(topics.TOUCHPOINTS.name)
        self.scores = fresh.topic(topics.SCORES.name)
        self.variables = environment(broker, fresh)
        self._letters = fresh.topic(topics.DEAD_LETTERS.name)

    def bury(self, *reasons: str, value: bytes = b"", source: str = "", partition: int = 1) -> None:
        """Write one letter of each reason, from `partition`; its value is the reason."""
        producer = Producer({"bootstrap.servers": self.broker.bootstrap})
        for reason in reasons:
            headers = {
                "error.reason": reason,
                "error.message": "why",
                "source.topic": source or self.source,
                "source.partition": str(partition),
                "source.offset": "7",
            }
            encoded = [(name, text.encode()) for name, text in headers.items()]
            content = value or reason.encode()
            producer.produce(self._letters, content, key=b"ada", partition=partition % 2, headers=encoded)
        assert producer.flush(30) == 0

    def replay(self, *options: object, code: int = 0) -> str:
        """Run the command; return all that it said."""
        ran = rapport(self.variables, "dead-letters", "replay", *options)
        assert ran.returncode == code, ran.stderr
        return ran.stdout + ran.stderr

    def came_back(self) -> list[Read]:
        """Return what is in the topic that the letters came from."""
        return read_topics(self.broker.bootstrap, self.source)[self.source]

    def values(self) -> list[bytes]:
        """Return the same, values alone."""
        return [read.value for read in self.came_back()]


@pytest.fixture
def desk(broker: Broker, fresh: Fresh) -> Desk:
    return Desk(broker, fresh)


@pytest.mark.parametrize("transactions", ["true", "false"])
def test_letters_are_sent_once_as_they_were(desk: Desk, transactions: str) -> None:
    """Bytes, key and partition; a second run sends only what was buried since."""
    desk.variables["RAPPORT_TRANSACTIONS"] = transactions
    desk.bury("future", "invalid")

    first = desk.replay()
    second = desk.replay()
    desk.bury("not_json", partition=0)
    third = desk.replay()

    assert "2 dead letters sent again" in first
    assert "future  1" in first
    assert "0 dead letters sent again" in second
    assert "1 dead letter sent again" in third
    found = desk.came_back()
    assert [(read.partition, read.key, read.value) for read in found] == [
        (0, b"ada", b"not_json"),
        (1, b"ada", b"future"),
        (1, b"ada", b"invalid"),
    ]
    assert all(read.headers["replayed.from"].count(b"/") == 2 for read in found)


def test_one_reason_leaves_the_others_for_later(desk: Desk) -> None:
    """In whatever order they are wished for, each is sent once."""
    desk.bury("future", "invalid", "future", "no_subject")

    assert "2 dead letters sent again" in desk.replay("--reason", "future")
    assert "0 dead letters sent again" in desk.replay("--reason", "future")
    assert "2 dead letters sent again" in desk.replay()

    assert desk.values() == [b"future", b"future", b"invalid", b"no_subject"]


def test_a_limit_goes_on_where_it_ended(desk: Desk) -> None:
    """The oldest of a partition first; a dry run counts and sends nothing."""
    desk.bury("future", "invalid", "no_subject")

    dry = desk.replay("--dry-run")
    two = desk.replay("--limit", 2)
    rest = desk.replay()

    assert "3 dead letters would be sent again" in dry
    assert "2 dead letters sent again" in two
    assert "1 dead letter sent again" in rest
    assert desk.values() == [b"future", b"invalid", b"no_subject"]


def test_what_cannot_be_sent_is_counted(desk: Desk) -> None:
    """A cut one, one whose topic or partition is gone, one that names an output, one of somebody else."""
    desk.bury("too_large", value=b"x" * 65_536)
    desk.bury("future", source="gone")
    desk.bury("future", source=desk.scores)
    desk.bury("future", partition=5)
    desk.bury("boredom")
    desk.bury("invalid")

    said = desk.replay()

    assert desk.values() == [b"invalid"]
    assert "1 dead letter sent again" in said
    assert "1 letter passed over: only the first 64 KiB are kept" in said
    assert "1 letter passed over: gone is not there" in said
    assert f"1 letter passed over: {desk.scores} is not there, or no input" in said
    assert "1 record passed over: none of Rapport's" in said


def test_without_the_topic_there_is_nothing_to_send(broker: Broker, fresh: Fresh) -> None:
    """It is named, and not made."""
    ran = rapport(environment(broker, fresh), "dead-letters", "replay")

    assert ran.returncode == 1
    assert f"there is no topic {fresh.topic(topics.DEAD_LETTERS.name)}" in ran.stderr
