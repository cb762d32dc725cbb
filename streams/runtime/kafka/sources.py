"""Which topics are there to follow, and which they are: one that was deleted and made anew has another id.

aiokafka knows no request for ids, so it is made here. A broker older than Kafka 2.8 has none; then a topic
made anew is noticed by its offsets alone.
"""

from collections.abc import Iterable
from io import BytesIO
from typing import Any, Final, NamedTuple

from aiokafka.errors import UnknownTopicOrPartitionError
from aiokafka.protocol.abstract import AbstractType
from aiokafka.protocol.api import RequestStruct, Response
from aiokafka.protocol.types import (
    Boolean,
    CompactArray,
    CompactString,
    Int16,
    Int32,
    Schema,
    TaggedFields,
)

from streams.runtime.kafka.administration import Administration, administration
from streams.runtime.kafka.asking import METADATA, REFUSED, Exactly
from streams.runtime.kafka.permissions import READ, UNTOLD

DELETIONS_KEPT_MS: Final = 86_400_000  # where a topic says nothing else, or not to us

_ID_BYTES: Final = 16
_TEXT: Final = CompactString("utf-8")


class _Id(AbstractType[bytes]):  # type: ignore[misc]  # aiokafka is read without types
    @classmethod
    def encode(cls, value: bytes) -> bytes:
        return value

    @classmethod
    def decode(cls, data: BytesIO) -> bytes:
        return data.read(_ID_BYTES)


class _MetadataAnswer(Response):  # type: ignore[misc]  # aiokafka is read without types
    API_KEY, API_VERSION = METADATA, 12
    SCHEMA = Schema(
        ("throttle", Int32),
        (
            "brokers",
            CompactArray(
                ("id", Int32), ("host", _TEXT), ("port", Int32), ("rack", _TEXT), ("tags", TaggedFields)
            ),
        ),
        ("cluster", _TEXT),
        ("controller", Int32),
        (
            "topics",
            CompactArray(
                ("error", Int16),
                ("name", _TEXT),
                ("id", _Id),
                ("internal", Boolean),
                (
                    "partitions",
                    CompactArray(
                        ("error", Int16), ("partition", Int32), ("leader", Int32), ("epoch", Int32),
                        ("replicas", CompactArray(Int32)), ("in_sync", CompactArray(Int32)),
                        ("offline", CompactArray(Int32)), ("tags", TaggedFields),
                    ),
                ),
                ("allowed", Int32),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )  # fmt: skip


class _Metadata(RequestStruct):  # type: ignore[misc]  # aiokafka is read without types
    API_KEY, API_VERSION, RESPONSE_TYPE, FLEXIBLE_VERSION = METADATA, 12, _MetadataAnswer, True
    SCHEMA = Schema(
        ("topics", CompactArray(("id", _Id), ("name", _TEXT), ("tags", TaggedFields))),
        ("create", Boolean),
        ("of_topics", Boolean),
        ("tags", TaggedFields),
    )


class CannotFollow(Exception):
    """A topic is not there, or may not be read: run `rapport topics apply`, or allow it."""


class Source(NamedTuple):
    """A topic that is there. may_read: None where the broker does not tell."""

    name: str
    identity: str
    partitions: int
    may_read: bool | None


async def sources(cluster: Administration, names: Iterable[str]) -> dict[str, Source]:
    """Return those of the topics that are there, by name.

    Raises:
        KafkaError: the broker does not answer.
    """
    wanted = list(names)
    if await cluster.newest(METADATA) < _Metadata.API_VERSION:
        counts = await cluster.partition_counts()
        return {name: Source(name, name, counts[name], None) for name in wanted if name in counts}
    asked: list[tuple[bytes, str, dict[int, bytes]]] = [(bytes(_ID_BYTES), name, {}) for name in wanted]
    answer = await cluster.ask(Exactly(_Metadata(asked, False, True, {})))
    found = {}
    for error, name, identity, _, partitions, allowed, _ in answer.topics:
        if error == UnknownTopicOrPartitionError.errno:
            continue
        may_read = error != REFUSED and (None if allowed == UNTOLD else bool(allowed >> READ & 1))
        found[name] = Source(name, f"{name}@{identity.hex()}", len(partitions), may_read)
    return found


async def readable_sources(client: dict[str, Any], names: Iterable[str]) -> dict[str, Source]:
    """Return topics, by name, all of which may be read.

    Raises:
        CannotFollow: one is not there, or may not be read.
        KafkaError: the broker does not answer.
    """
    wanted = list(names)
    async with administration(client) as cluster:
        found = await sources(cluster, wanted)
    for name in wanted:
        if name not in found:
            raise CannotFollow(
                f"there is no topic {name}: run `rapport topics apply`, or set RAPPORT_TOPIC_PREFIX"
            )
        if found[name].may_read is False:
            raise CannotFollow(
                f"this user may not read the topic {name}: allow it with kafka-acls.sh --add "
                f"--allow-principal User:… --operation Read --topic {name}"
            )
    return found


async def deletions_kept_ms(client: dict[str, Any], name: str) -> int:
    """Return for how long a compacted topic surely keeps the record that somebody is forgotten.

    Raises:
        KafkaError: the broker does not answer.
    """
    async with administration(client) as cluster:
        found = (await cluster.existing([name])).get(name)
    config = None if found is None else found.config
    return DELETIONS_KEPT_MS if config is None else int(config.get("delete.retention.ms", DELETIONS_KEPT_MS))
