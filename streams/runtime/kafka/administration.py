"""Asking the cluster about itself, and making topics. Nothing here makes a topic by asking for it.

aiokafka's clients let a broker make each topic that they name (auto.create.topics.enable), so whoever
names one looks first whether it is in the list of all.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, NamedTuple

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import GroupCoordinatorNotAvailableError, for_code

from streams.runtime.kafka.provisioning import Existing, Wanted

REQUEST_MS: Final = 15_000
LEADERS_S: Final = 30.0
LOOK_S: Final = 0.1
COORDINATOR_LOOKS: Final = 10
EXISTS: Final = 36  # somebody else has made it in between


class Committed(NamedTuple):
    """What a group has committed for a partition."""

    offset: int
    metadata: str


class TopicsNotMade(Exception):
    """The broker refused to make topics, or no node leads them. The message says why for each."""


class Administration:
    """The cluster, as far as this user may see it."""

    def __init__(self, admin: AIOKafkaAdminClient) -> None:
        self._admin = admin

    async def brokers(self) -> list[str]:
        """Return the addresses by which the cluster's nodes want to be reached."""
        found = await self._admin.describe_cluster()
        return sorted(f"{each['host']}:{each['port']}" for each in found["brokers"])

    async def existing(self, names: Iterable[str]) -> dict[str, Existing]:
        """Return those of the topics that are there."""
        listed = await self._listed(names)
        configs = await self._configs(listed)
        return {
            name: Existing(
                len(found["partitions"]),
                min((len(each["replicas"]) for each in found["partitions"]), default=0),
                configs[name],
            )
            for name, found in listed.items()
        }

    async def partition_counts(self) -> dict[str, int]:
        """Return all topics that this user may see, with how many partitions each has."""
        return {each["topic"]: len(each["partitions"]) for each in await self._admin.describe_topics()}

    async def leaderless(self, names: Iterable[str]) -> dict[str, list[int]]:
        """Return the topics that have partitions which no broker leads now, with those partitions."""
        found = {
            name: sorted(each["partition"] for each in topic["partitions"] if each["leader"] < 0)
            for name, topic in (await self._listed(names)).items()
        }
        return {name: partitions for name, partitions in found.items() if partitions}

    async def create(self, wanted: Sequence[Wanted]) -> None:
        """Make topics, and return when each has its leaders.

        Raises:
            TopicsNotMade: some could not be made; those that could are there.
        """
        answer = await self._admin.create_topics(
            [
                NewTopic(each.name, each.partitions, each.replicas, topic_configs=dict(each.config))
                for each in wanted
            ]
        )
        reasons: dict[str, list[str]] = {}
        for name, code, message in answer.topic_errors:
            if code not in {0, EXISTS}:
                reasons.setdefault(message or for_code(code).__name__, []).append(name)
        if reasons:
            raise TopicsNotMade("; ".join(f"{', '.join(names)}: {why}" for why, names in reasons.items()))
        names, deadline = {each.name for each in wanted}, asyncio.get_running_loop().time() + LEADERS_S
        while names - set(await self._listed(names)) or await self.leaderless(names):
            if asyncio.get_running_loop().time() > deadline:
                raise TopicsNotMade("they are made, and no broker leads them yet: look at the brokers' logs")
            await asyncio.sleep(LOOK_S)

    async def committed(self, group: str) -> dict[tuple[str, int], Committed]:
        """Return all that a group has committed; empty for one that nobody has ever seen."""
        coordinator = await self.coordinator(group)
        found = await self._admin.list_consumer_group_offsets(group, coordinator)
        return {(tp.topic, tp.partition): Committed(each.offset, each.metadata) for tp, each in found.items()}

    async def members(self, group: str) -> tuple[str, int]:
        """Return the state of a group in Kafka's word, and how many members it has.

        Raises:
            KafkaError: this user may not look at the group.
        """
        coordinator = await self.coordinator(group)
        (answer,) = await self._admin.describe_consumer_groups([group], coordinator)
        error, _name, state, _type, _protocol, members, *_ = answer.groups[0]
        if error:
            raise for_code(error)
        return state, len(members)

    async def newest(self, key: int) -> int:
        """Return the newest version of a request that the broker understands, -1 for none."""
        await self.brokers()  # so that there is a connection, which has asked it
        connection = next(iter(self._admin._client._conns.values()), None)
        found: Mapping[int, tuple[int, int]] = getattr(connection, "_versions", None) or {}
        return found[key][1] if key in found else -1

    async def ask(self, request: Any, node: int | None = None) -> Any:
        """Return the answer of a node, or of any."""
        return await self._admin._send_request(request, node)

    async def coordinator(self, group: str) -> int:
        """Return the node that looks after a group; the first to ask in a new cluster has to wait."""
        for _ in range(COORDINATOR_LOOKS):
            try:
                return int(await self._admin.find_coordinator(group))
            except GroupCoordinatorNotAvailableError:  # the topic of offsets is being made
                await asyncio.sleep(0.5)
        return int(await self._admin.find_coordinator(group))

    async def _configs(self, names: Iterable[str]) -> dict[str, dict[str, str] | None]:
        resources = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
        found: dict[str, dict[str, str] | None] = {}
        for response in await self._admin.describe_configs(resources) if resources else ():
            for error, _message, _type, name, entries in response.resources:
                found[name] = None if error else {entry[0]: entry[1] for entry in entries}
        return found

    async def _listed(self, names: Iterable[str]) -> dict[str, dict[str, Any]]:
        wanted = set(names)
        listed = await self._admin.describe_topics()
        return {each["topic"]: each for each in listed if each["topic"] in wanted}


@asynccontextmanager
async def administration(client: dict[str, Any]) -> AsyncIterator[Administration]:
    """Give the cluster to ask.

    Raises:
        KafkaConnectionError: it cannot be reached.
    """
    admin = AIOKafkaAdminClient(**client, request_timeout_ms=REQUEST_MS)
    try:
        await admin.start()
        yield Administration(admin)
    finally:
        await admin.close()
