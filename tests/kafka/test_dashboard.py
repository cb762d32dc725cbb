"""`rapport dashboard` on a real broker: what it serves is what stands in the topics, whatever is killed."""

import json
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import msgspec
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType
from msgspec.structs import replace

from schemas.instants import instant
from schemas.outputs import AlertRaised, AlertResolved, ScoreUpdated, StageChanged
from streams import topics
from streams.archive import tables
from streams.archive.alert_book import AlertQuery
from streams.archive.outputs import insert, told_row
from streams.archive.questions import Questions
from streams.model.load import load_model
from tests.kafka.broker import Broker
from tests.kafka.conftest import Fresh
from tests.kafka.dashboards import Dashboard, served
from tests.kafka.evidence import Evidence
from tests.kafka.fleet import HASTY, wait_for
from tests.kafka.test_outputs import MOVED, SCORED
from tests.kafka.trial import trial

MODEL = load_model(str(HASTY))
STATES = frozenset(alert.name for alert in MODEL.alerts if alert.kind == "state")


def decoded(reads: Any, kind: Any) -> list[Any]:
    return [msgspec.json.decode(read.value, type=kind) for read in reads]


def embedded(evidence: Evidence) -> Questions:
    """Return what one process would have in its tables of the same outputs."""
    connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    for statement in (*tables.TABLES.values(), *tables.INDEXES):
        connection.execute(statement)
    told = decoded(evidence.transitions, StageChanged) + decoded(evidence.alerts, AlertRaised | AlertResolved)
    insert(connection, [told_row(each, msgspec.json.encode(each)) for each in told], written_ms=1)

    @contextmanager
    def reading() -> Iterator[sqlite3.Connection]:
        yield connection

    return Questions(reading)


def in_stages(updates: list[ScoreUpdated]) -> Counter[tuple[str, str]]:
    """Count customers by framework and stage, from the last scores of each."""
    counted: Counter[tuple[str, str]] = Counter()
    for update in {each.customer_id: each for each in updates}.values():
        for framework, held in update.stages.items():
            for stage in held if isinstance(held, list) else [held]:
                counted[framework, stage] += stage is not None
    return +counted


def asked_in_stages(dashboard: Dashboard) -> Counter[tuple[str, str]]:
    """Count the customers that are listed for each stage."""
    names = [
        (framework.name, stage.name)
        for framework in MODEL.frameworks
        for stage in (*framework.stages, *framework.exits)
    ]
    return +Counter(
        {
            (framework, stage): len(
                dashboard.all("/v1/customers", "customers", framework=framework, stage=stage)
            )
            for framework, stage in names
        }
    )


def told_in_stages(kpis: Any) -> Counter[tuple[str, str]]:
    """Return the same of the figures."""
    return +Counter(
        {(name, stage): count for name, stages in kpis["stages"].items() for stage, count in stages.items()}
    )


def compare(dashboard: Dashboard, evidence: Evidence) -> None:
    """See that the API says what the topics say, and what one process would say of them."""
    told = embedded(evidence)
    served = [each["id"] for each in dashboard.all("/v1/transitions", "transitions")]
    assert sorted(served) == sorted(each.id for each in decoded(evidence.transitions, StageChanged))
    book = {each["raised"]["id"]: each for each in dashboard.all("/v1/alerts", "alerts")}
    expected = told.alerts(AlertQuery(states=STATES, limit=1_000_000)).alerts
    assert book == {each.raised.id: msgspec.json.decode(msgspec.json.encode(each)) for each in expected}
    for framework in MODEL.frameworks:
        flows = dashboard.get(f"/v1/frameworks/{framework.name}/flows", days="2")["flows"]
        assert {(each["from_stage"], each["to_stage"]): each["moves"] for each in flows} == {
            (each.from_stage, each.to_stage): each.moves for each in told.moves(framework.name, first_day=0)
        }
    brute = in_stages(decoded(evidence.scores, ScoreUpdated))
    assert asked_in_stages(dashboard) == brute
    assert told_in_stages(dashboard.get("/v1/kpis")) == brute


def test_its_figures_are_those_of_the_topics_whoever_is_killed(
    broker: Broker, fresh: Fresh, tmp_path: Path
) -> None:
    """Two workers over four partitions, one killed; the dashboard killed at random, and started again.

    Every transition and alert is there once, customers per stage are those of their last scores, and the
    figures never count anybody twice. A file that is made anew says the same, in the order of writing.
    """
    with trial(broker, fresh, tmp_path, seed=11) as run, ExitStack() as stack:
        run.fleet.start(2)
        run.fleet.wait_until_ready()
        run.flow(customers=150)
        dashboard = stack.enter_context(served(Dashboard(broker, fresh, tmp_path)))
        counted: list[int] = []
        for number in range(3):
            run.wait_until_moved(run.chance.randrange(300, 900))
            if number == 1:
                run.chance.choice(run.fleet.alive).kill()
            dashboard.kill()
            dashboard = stack.enter_context(served(Dashboard(broker, fresh, tmp_path)))
            counted.append(dashboard.get("/v1/kpis")["customers"])
        run.fleet.wait_until_ready()
        counted.append(dashboard.get("/v1/kpis")["customers"])
        evidence = run.settle()
        wait_for("everything is taken over", lambda: dashboard.get("/v1/status")["behind"] == 0)

        compare(dashboard, evidence)
        status = dashboard.get("/v1/status")
        stopped = dashboard.stop()
        anew = stack.enter_context(served(Dashboard(broker, fresh, tmp_path / "anew")))
        compare(anew, evidence)
        order = [each["id"] for each in anew.all("/v1/transitions", "transitions")]

    written = {json.loads(each.value)["id"]: each.timestamp_ms for each in evidence.transitions}
    assert [written[each] for each in order] == sorted(written.values(), reverse=True)
    assert max(counted) <= 150
    assert [each["partition"] for each in status["partitions"]] == [0, 1, 2, 3]
    assert stopped.code == 0


def test_what_happens_is_heard_within_two_seconds_and_a_broker_may_be_away(
    broker: Broker, fresh: Fresh, tmp_path: Path
) -> None:
    """From the input topic to whoever listens; while the broker is away what was known is served."""
    timeline = {"dashboard_timeline": "true"}
    with trial(broker, fresh, tmp_path, seed=12) as run, ExitStack() as stack:
        run.fleet.start(1)
        run.fleet.wait_until_ready()
        dashboard = stack.enter_context(served(Dashboard(broker, fresh, tmp_path, **timeline)))
        run.load.write(visits("eve", 2))  # so that everything has run once
        wait_for("eve is known", lambda: bool(dashboard.get("/v1/customers", prefix="eve")["customers"]))
        with dashboard.listening() as events:
            began = time.monotonic()
            run.load.write(visits("ada", 2))
            waits = {"transition": 0.0, "kpis": 0.0}
            while not all(waits.values()):
                kind, data = next(events)
                if kind in waits and (data.get("customer_id") == "ada" or data.get("customers") == 2):
                    waits[kind] = waits[kind] or time.monotonic() - began

        broker.stop()
        wait_for("it says so", lambda: "has not answered" in (dashboard.hindrance or ""))
        still = dashboard.get("/v1/customers/ada")
        dashboard.kill()
        dashboard = stack.enter_context(served(Dashboard(broker, fresh, tmp_path, **timeline), ready=False))
        restarted = dashboard.get("/v1/customers/ada")
        broker.start()
        run.load.write(visits("bob", 2))
        wait_for("bob is known", lambda: len(dashboard.get("/v1/customers")["customers"]) == 3)
        wait_for("it is ready again", lambda: dashboard.hindrance is None)
        sent = dashboard.get("/v1/customers/bob/touchpoints")

    assert waits["transition"] < 2
    assert waits["kpis"] < 4
    assert still["customer_id"] == restarted["customer_id"] == "ada"
    assert [each["event"] for each in sent["touchpoints"]] == ["visit", "visit"]
    assert sent["kept"]


def visits(customer: str, count: int) -> list[tuple[bytes, bytes]]:
    """Return visits of now."""
    return [
        (
            customer.encode(),
            msgspec.json.encode(
                {
                    "message_id": f"{customer}-{number}", "customer_id": customer, "event": "visit",
                    "timestamp": instant(time.time_ns() // 1_000_000),
                }
            ),
        )
        for number in range(count)
    ]  # fmt: skip


def test_topics_that_were_made_anew_are_read_anew(broker: Broker, fresh: Fresh, tmp_path: Path) -> None:
    """While the dashboard runs and while it does not, and whether or not they are shorter than before.

    Before that, what came twice (from workers without transactions) and what cannot be read is left out.
    """
    name = fresh.topic(topics.TRANSITIONS.name)
    broker.create_public_topics(fresh.app, partitions=2, prefix=fresh.prefix)
    write(broker, name, ["a0", "a1", "a2", "a1", "a3", "a4", "a0"], beside=b"{")
    with served(Dashboard(broker, fresh, tmp_path)) as dashboard:
        before = ids(dashboard)
        left_out = [
            dashboard.metrics(f"engagement_dashboard_{what}_records_total")[
                f'topic="{topics.TRANSITIONS.name}"'
            ]
            for what in ("repeated", "unreadable")
        ]
        write_anew(broker, name, [f"b{number}" for number in range(8)])
        wait_for("they are read while it runs", lambda: ids(dashboard) == [f"b{n}" for n in range(8)])
        dashboard.kill()
    write_anew(broker, name, ["c0"])
    with served(Dashboard(broker, fresh, tmp_path)) as dashboard:
        after = ids(dashboard)
        told = dashboard.told("rebuilding")

    assert (before, left_out) == ([f"a{number}" for number in range(5)], [2, 1])
    assert after == ["c0"]
    assert [each["topic"] for each in told] == [topics.TRANSITIONS.name]


def ids(dashboard: Dashboard) -> list[str]:
    return sorted(each["id"] for each in dashboard.all("/v1/transitions", "transitions"))


def write(broker: Broker, topic: str, names: list[str], *, beside: bytes | None = None) -> None:
    """Write transitions with these ids, and one more record."""
    producer = Producer({"bootstrap.servers": broker.bootstrap, "log_level": 0})
    for each in names:
        producer.produce(topic, key=b"ada", value=msgspec.json.encode(replace(MOVED, id=each)))
    if beside is not None:
        producer.produce(topic, key=b"ada", value=beside)
    assert producer.flush(30) == 0


def write_anew(broker: Broker, topic: str, names: list[str]) -> None:
    """Delete the topic, make it anew, and write."""
    broker.delete_topics(topic)
    wait_for("it is deleted", lambda: topic not in broker.admin().list_topics(timeout=5).topics)
    broker.create_topics(topic, partitions=2)
    write(broker, topic, names)


def test_who_was_forgotten_and_compacted_away_meanwhile_is_gone(
    broker: Broker, fresh: Fresh, tmp_path: Path
) -> None:
    """Nothing in the topic says so any more: whoever is not there when it is read again has gone.

    The others are there once, with the scores that came meanwhile.
    """
    name = fresh.topic(topics.SCORES.name)
    broker.create_public_topics(fresh.app, partitions=1, prefix=fresh.prefix)
    admin = broker.admin()
    as_compacted = ConfigResource(
        ResourceType.TOPIC,
        name,
        incremental_configs=[
            ConfigEntry(setting, value, incremental_operation=AlterConfigOpType.SET)
            for setting, value in {"delete.retention.ms": "0", "cleanup.policy": "compact,delete"}.items()
        ],
    )
    admin.incremental_alter_configs([as_compacted])[as_compacted].result(30)
    score(broker, name, ["bob", "ada", "eve"], first=1)
    with served(Dashboard(broker, fresh, tmp_path)) as dashboard:
        before = [each["customer_id"] for each in dashboard.all("/v1/customers", "customers")]
        dashboard.kill()
    score(broker, name, ["ada", "joe"], first=4)
    behind_bob = TopicPartition(name, 0, 1)  # bob's scores go, as by compaction
    admin.delete_records([behind_bob])[behind_bob].result(30)
    with served(Dashboard(broker, fresh, tmp_path)) as dashboard:
        after = [each["customer_id"] for each in dashboard.all("/v1/customers", "customers")]
        points = {each: len(dashboard.get(f"/v1/customers/{each}/scores")["points"]) for each in after}
        told = dashboard.told("rebuilding")

    assert before == ["ada", "bob", "eve"]
    assert after == ["ada", "eve", "joe"]
    assert points == {"ada": 2, "eve": 1, "joe": 1}
    assert [each["topic"] for each in told] == [topics.SCORES.name]


def score(broker: Broker, topic: str, customers: list[str], *, first: int) -> None:
    """Write scores of customers, with ids from a number on."""
    producer = Producer({"bootstrap.servers": broker.bootstrap, "log_level": 0})
    for number, each in enumerate(customers, start=first):
        scored = replace(SCORED, id=f"s{number}", customer_id=each)
        producer.produce(topic, key=each, value=msgspec.json.encode(scored))
    assert producer.flush(30) == 0
