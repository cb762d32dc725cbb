import pytest
from confluent_kafka import Producer

from streams import topics
from tests.kafka import checker, reading
from tests.kafka.broker import Broker
from tests.kafka.conftest import Fresh
from tests.kafka.evidence import Evidence, Read, told
from tests.kafka.good_set import MODEL, PARTITIONS, good_set, new_processor

FIELDS = {
    "touchpoints": topics.TOUCHPOINTS,
    "transitions": topics.TRANSITIONS,
    "alerts": topics.ALERTS,
    "scores": topics.SCORES,
    "kpis": topics.KPIS,
    "late": topics.LATE,
    "dead_letters": topics.DEAD_LETTERS,
}


def transactional(broker: Broker, name: str) -> Producer:
    """Return a producer of its own."""
    producer = Producer({"bootstrap.servers": broker.bootstrap, "transactional.id": name})
    producer.init_transactions(30)
    return producer


def put(producer: Producer, topic: str, read: Read) -> None:
    """Write a record as it was read."""
    producer.produce(topic, read.value, read.key, partition=read.partition, headers=dict(read.headers))


def test_what_was_committed_is_read_as_it_was_written(broker: Broker, fresh: Fresh) -> None:
    """A good run on a real broker is found good; of an aborted transaction nothing is seen."""
    broker.create_public_topics(fresh.app, partitions=PARTITIONS, prefix=fresh.prefix)
    good = good_set(source=fresh.topic(topics.TOUCHPOINTS.name))
    producer = transactional(broker, fresh.app)
    producer.begin_transaction()
    for field, topic in FIELDS.items():
        for each in getattr(good, field):
            put(producer, fresh.topic(topic.name), each)
    producer.commit_transaction(30)
    producer.begin_transaction()
    for each in good.transitions[:7]:
        put(producer, fresh.topic(topics.TRANSITIONS.name), each)
    producer.flush(30)
    producer.abort_transaction(30)

    found = reading.read_evidence(broker.bootstrap, fresh.prefix)

    assert stripped(found) == stripped(good)
    findings = checker.check(found, MODEL, new_processor=lambda: new_processor(good.source))
    assert findings == [], told(findings)


def test_an_open_transaction_hides_what_comes_after_it(broker: Broker, fresh: Fresh) -> None:
    """A subscriber that reads committed waits for its end, and so does the checker: it reads up to it."""
    topic = fresh.topic("numbers")
    broker.create_topics(topic)
    producer = transactional(broker, fresh.app)
    for number in (b"1", b"2"):
        producer.begin_transaction()
        producer.produce(topic, number, partition=0)
        producer.flush(30)
        if number == b"1":
            producer.commit_transaction(30)

    with pytest.raises(reading.OpenTransaction, match=r"numbers partition 0"):
        reading.read_topics(broker.bootstrap, topic)
    producer.abort_transaction(30)

    assert [read.value for read in reading.read_topics(broker.bootstrap, topic)[topic]] == [b"1"]


def stripped(evidence: Evidence) -> dict[str, list[tuple[object, ...]]]:
    """Return what a broker does not choose: all but the times."""
    return {
        field: [
            (read.partition, read.key, read.value, read.headers)
            for read in sorted(getattr(evidence, field), key=lambda each: each[:2])
        ]
        for field in FIELDS
    }
