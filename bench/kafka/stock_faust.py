"""The small model on Faust as its documentation has it: an agent, a Table, one write for each event.

In its fast documented configuration: the table in memory, raw values with a typed decoder, no web server, no
leader topic, no standby replicas; the rest as it comes. Faust names the changelog.

Run: python -m bench.kafka.stock_faust, with the settings of `rapport worker` in the environment.
"""

import os
import tempfile
from typing import Any

import faust
import msgspec

from bench.kafka.cluster import PARTITIONS
from bench.kafka.small import Customer, Moved, Touchpoint, apply
from streams import topics

TABLE = "customers"


def changelog(app: str) -> str:
    """Return the name that Faust gives the changelog."""
    return f"{app}-{TABLE}-changelog"


def application(broker: str, app: str, prefix: str) -> faust.App:
    """Return the application."""
    decode, encode = msgspec.json.Decoder(Touchpoint).decode, msgspec.json.Encoder().encode
    stored = msgspec.json.Decoder(Customer).decode
    made = faust.App(
        app,
        broker=f"kafka://{broker}",
        store="memory://",
        datadir=tempfile.mkdtemp(prefix="rapport-bench-faust-"),
        broker_commit_interval=1.0,  # as often as the others, so that progress is seen as finely
        topic_partitions=PARTITIONS,
        topic_replication_factor=1,
        topic_disable_leader=True,
        table_standby_replicas=0,
        web_enabled=False,
        autodiscover=False,
    )
    source = made.topic(prefix + topics.TOUCHPOINTS.name, value_type=bytes, value_serializer="raw")
    told = made.topic(prefix + topics.TRANSITIONS.name, value_type=bytes, value_serializer="raw")
    customers = made.Table(TABLE, key_type=bytes, value_type=bytes, partitions=PARTITIONS)

    @made.agent(source)  # type: ignore[untyped-decorator]  # Faust is read without types
    async def engagement(stream: Any) -> None:
        """Apply each touchpoint."""
        async for value in stream:
            touchpoint = decode(value)
            key = touchpoint.customer_id.encode()
            kept = customers.get(key)
            customer = Customer() if kept is None else stored(kept)
            stage = apply(customer, touchpoint)
            if stage != customer.stage:
                moved = Moved(touchpoint.customer_id, customer.stage, stage, touchpoint.message_id)
                await told.send(key=key, value=encode(moved))
                customer.stage = stage
            customers[key] = encode(customer)

    return made


if __name__ == "__main__":
    chosen = application(
        os.environ["RAPPORT_BROKER"], os.environ["RAPPORT_APP"], os.environ.get("RAPPORT_TOPIC_PREFIX", "")
    )
    faust.Worker(chosen, loglevel="WARNING").execute_from_commandline()
