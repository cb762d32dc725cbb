"""Requests that aiokafka does not know: what this user is allowed to do, and what the cluster's features are.

Nothing here changes anything. A transaction that does not exist is asked to end; before the broker finds
that out, it looks whether we may.
"""

from collections.abc import Iterable, Mapping
from io import BytesIO
from typing import Any, Final

from aiokafka.errors import GroupAuthorizationFailedError, TransactionalIdAuthorizationFailed
from aiokafka.protocol.api import RequestStruct, Response, ResponseHeader_v0
from aiokafka.protocol.transaction import EndTxnRequest
from aiokafka.protocol.types import (
    Array,
    Boolean,
    Bytes,
    CompactArray,
    CompactString,
    Int16,
    Int32,
    Schema,
    String,
    TaggedFields,
)

from streams.runtime.kafka.administration import Administration, administration
from streams.runtime.kafka.connection import client_arguments
from streams.runtime.kafka.permissions import (
    UNTOLD,
    Allowed,
    NotAllowed,
    lacking,
    needs,
    refusal,
    transactional_ids,
)
from streams.settings import Settings

REFUSED: Final = 29  # a topic of which one may not even know whether it is there
METADATA, GROUPS, VERSIONS = 3, 15, 18
_TEXT: Final = String("utf-8")
_SHORT: Final = CompactString("utf-8")
_FEATURES: Final = CompactArray(
    ("name", _SHORT), ("newest", Int16), ("oldest", Int16), ("tags", TaggedFields)
)


class _MetadataAnswer(Response):  # type: ignore[misc]  # aiokafka is read without types
    API_KEY, API_VERSION = METADATA, 8
    SCHEMA = Schema(
        ("throttle", Int32),
        ("brokers", Array(("id", Int32), ("host", _TEXT), ("port", Int32), ("rack", _TEXT))),
        ("cluster", _TEXT),
        ("controller", Int32),
        (
            "topics",
            Array(
                ("error", Int16),
                ("name", _TEXT),
                ("internal", Boolean),
                (
                    "partitions",
                    Array(
                        ("error", Int16), ("partition", Int32), ("leader", Int32), ("epoch", Int32),
                        ("replicas", Array(Int32)), ("in_sync", Array(Int32)), ("offline", Array(Int32)),
                    ),
                ),
                ("allowed", Int32),
            ),
        ),
        ("allowed", Int32),
    )  # fmt: skip


class _Metadata(RequestStruct):  # type: ignore[misc]  # aiokafka is read without types
    API_KEY, API_VERSION, RESPONSE_TYPE = METADATA, 8, _MetadataAnswer
    SCHEMA = Schema(
        ("topics", Array(_TEXT)), ("create", Boolean), ("of_cluster", Boolean), ("of_topics", Boolean)
    )


class _GroupsAnswer(Response):  # type: ignore[misc]  # aiokafka is read without types
    API_KEY, API_VERSION = GROUPS, 3
    SCHEMA = Schema(
        ("throttle", Int32),
        (
            "groups",
            Array(
                ("error", Int16), ("name", _TEXT), ("state", _TEXT), ("type", _TEXT), ("protocol", _TEXT),
                (
                    "members",
                    Array(
                        ("id", _TEXT), ("client", _TEXT), ("host", _TEXT), ("metadata", Bytes),
                        ("assignment", Bytes),
                    ),
                ),
                ("allowed", Int32),
            ),
        ),
    )  # fmt: skip


class _Groups(RequestStruct):  # type: ignore[misc]  # aiokafka is read without types
    API_KEY, API_VERSION, RESPONSE_TYPE = GROUPS, 3, _GroupsAnswer
    SCHEMA = Schema(("groups", Array(_TEXT)), ("of_groups", Boolean))


class _VersionsAnswer(Response):  # type: ignore[misc]  # aiokafka is read without types
    API_KEY, API_VERSION = VERSIONS, 3
    SCHEMA = Schema(
        ("error", Int16),
        (
            "versions",
            CompactArray(("key", Int16), ("oldest", Int16), ("newest", Int16), ("tags", TaggedFields)),
        ),
        ("throttle", Int32),
        ("tags", TaggedFields),
    )  # fmt: skip


class _Versions(RequestStruct):  # type: ignore[misc]  # aiokafka is read without types
    API_KEY, API_VERSION, RESPONSE_TYPE, FLEXIBLE_VERSION = VERSIONS, 3, _VersionsAnswer, True
    SCHEMA = Schema(("software", _SHORT), ("version", _SHORT), ("tags", TaggedFields))

    def parse_response_header(self, read_buffer: Any) -> ResponseHeader_v0:
        """Read the old header: this one answer has it, so that old clients understand it too."""
        return ResponseHeader_v0.decode(read_buffer)


class Exactly:
    """A request that is not to be fitted to the broker's versions."""

    def __init__(self, request: RequestStruct) -> None:
        self._request = request

    def prepare(self, _versions: Mapping[int, tuple[int, int]]) -> RequestStruct:
        """Return the request as it is."""
        return self._request


async def allowed(cluster: Administration, settings: Settings, names: Iterable[str]) -> Allowed | None:
    """Return what this user may do with topics, group and transactions; None: the broker cannot tell.

    Raises:
        KafkaError: the broker does not answer.
    """
    for request in (_Metadata, _Groups):
        if await cluster.newest(request.API_KEY) < request.API_VERSION:
            return None
    answer = await cluster.ask(Exactly(_Metadata(list(names), False, False, True)))
    topics = {
        each[1]: 0 if each[0] == REFUSED else each[4] for each in answer.topics if each[0] in {0, REFUSED}
    }
    try:
        coordinator = await cluster.coordinator(settings.app)
        found = await cluster.ask(Exactly(_Groups([settings.app], True)), coordinator)
        group = UNTOLD if found.groups[0][0] else found.groups[0][6]
    except GroupAuthorizationFailedError:
        group = 0
    ended = await cluster.ask(EndTxnRequest(f"{transactional_ids(settings)}0", -1, -1, False))
    return Allowed(topics, group, ended.error_code != TransactionalIdAuthorizationFailed.errno)


async def require(settings: Settings) -> None:
    """See that this user may do all that a worker has to.

    Raises:
        NotAllowed: it may not, and the message says what is missing.
        KafkaError: the broker does not answer.
    """
    async with administration(client_arguments(settings)) as cluster:
        names = {each.name for each in needs(settings) if each.resource == "topic"}
        found = await allowed(cluster, settings, names)
    missing = [] if found is None else lacking(settings, found)
    if missing:
        raise NotAllowed(refusal(settings, missing))


async def features(cluster: Administration) -> dict[str, int]:
    """Return the levels of the cluster's features, such as transaction.version; empty: it is too old.

    Raises:
        KafkaError: the broker does not answer.
    """
    if await cluster.newest(VERSIONS) < _Versions.API_VERSION:
        return {}
    answer = await cluster.ask(Exactly(_Versions("rapport", "1", {})))
    finalized = answer.tags.get(2)
    return {each[0]: each[1] for each in _decoded(finalized)} if finalized else {}


def _decoded(content: bytes) -> list[Any]:
    found: list[Any] = _FEATURES.decode(BytesIO(content))
    return found
