"""What a worker must be allowed to do on a secured Kafka, and what of it is not. Pure."""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from streams import topics
from streams.runtime.kafka.findings import Finding, Weight
from streams.settings import Settings

# The numbers by which Kafka names operations.
READ, WRITE = 3, 4
OPERATIONS: Final = {READ: "Read", WRITE: "Write"}

UNTOLD: Final = -1 << 31  # what an old broker says where it is not asked, or does not know


class NotAllowed(Exception):
    """This user may not do what a worker has to. The message says what, and how it is allowed."""


class Need(NamedTuple):
    """One thing that must be allowed; `resource` is an option of kafka-acls.sh."""

    resource: str
    name: str
    operation: int
    effect: str  # of doing without it


class Allowed(NamedTuple):
    """What is allowed, as sets of bits by the numbers of operations; a topic that is not there is left out.

    transactions: whether the ids of transactions may be written.
    """

    topics: Mapping[str, int]
    group: int
    transactions: bool


def needs(settings: Settings) -> Iterator[Need]:
    """Yield all that a worker needs. Who may read or write may look (Describe), too."""
    source, changelog = settings.topic_prefix + topics.TOUCHPOINTS.name, topics.changelog(settings.app)
    yield Need("topic", source, READ, "no touchpoint is processed")
    yield Need("topic", source, WRITE, "nobody is told what time it is, so silence is never noticed")
    for topic in topics.OUTPUTS:
        yield Need("topic", settings.topic_prefix + topic.name, WRITE, "no flush comes through")
    yield Need("topic", changelog, READ, "no partition can be taken over")
    yield Need("topic", changelog, WRITE, "no flush comes through")
    for name in settings.normalise:
        yield Need("topic", name, READ, "no touchpoint is taken from it")
    yield Need("group", settings.app, READ, "no worker can join, and none is given a partition")
    if settings.transactions:
        yield Need("transactional-id", transactional_ids(settings), WRITE, "no partition can be taken over")


def transactional_ids(settings: Settings) -> str:
    """Return what the ids of all transactions of the application begin with."""
    return topics.transactional_ids(settings.app, settings.topic_prefix + topics.TOUCHPOINTS.name)


def lacking(settings: Settings, allowed: Allowed) -> list[Need]:
    """Return what is needed and not allowed; what is not known is taken to be."""
    return [each for each in needs(settings) if not _is_allowed(each, allowed)]


def _is_allowed(need: Need, allowed: Allowed) -> bool:
    if need.resource == "transactional-id":
        return allowed.transactions
    bits = allowed.group if need.resource == "group" else allowed.topics.get(need.name, UNTOLD)
    return bits == UNTOLD or bool(bits >> need.operation & 1)


def command(need: Need, settings: Settings) -> str:
    """Return the command by which whoever looks after Kafka allows it."""
    user = settings.sasl_username or "NAME"
    kind = " --resource-pattern-type prefixed" if need.resource == "transactional-id" else ""
    return (
        f"kafka-acls.sh --bootstrap-server {settings.broker} --add --allow-principal User:{user} "
        f"--operation {OPERATIONS[need.operation]} --{need.resource} {need.name}{kind}"
    )


def told(need: Need, settings: Settings) -> str:
    """Return in words what is not allowed, and what follows."""
    who = settings.sasl_username or "this user"
    what = OPERATIONS[need.operation].lower()
    return f"{who} may not {what} the {need.resource.replace('-', ' ')} {need.name}: {need.effect}"


def permission_findings(settings: Settings, allowed: Allowed | None) -> list[Finding]:
    """Return a finding for each thing that is not allowed; None: the broker is too old to tell."""
    if allowed is None:
        return [Finding(Weight.NOTE, "permissions: not looked at, since the broker is older than Kafka 2.3")]
    missing = lacking(settings, allowed)
    if not missing:
        return [Finding(Weight.OK, "a worker may do all that it has to: topics, group and transactions")]
    return [Finding(Weight.ERROR, told(each, settings), command(each, settings)) for each in missing]


def refusal(settings: Settings, missing: list[Need]) -> str:
    """Return in one line what is not allowed, and the command that allows the first of it."""
    more = f", and {len(missing) - 1} more: see `rapport doctor`" if len(missing) > 1 else ""
    return f"{told(missing[0], settings)}. Allow it ({command(missing[0], settings)}){more}"
