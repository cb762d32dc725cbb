"""What a failed flush or take-over means, in one table, and the errors that stop a worker.

aiokafka hides causes: after a producer was fenced, its next calls fail with AssertionError or
IllegalOperation, and an expired transactional id comes as a bare KafkaError with a `__cause__`.
"""

from collections.abc import Iterator
from enum import StrEnum

from aiokafka import errors


class Verdict(StrEnum):
    """What to do after a failure."""

    FENCED = (
        "fenced"  # another owner, or a transaction that took too long: drop it, and ask the group whose it is
    )
    REFUSED = "refused"  # the broker does not allow it: stop and say which permission is missing
    AGAIN = "again"  # memory is ahead of the log: drop it and take over again from the changelog
    DEFECT = "defect"  # ours: stop the process


class StateError(Exception):
    """The changelog, or the input, is not what the state says it should be.

    The message says what happened and the ways out. Nothing was changed.
    """


class FlushFailed(Exception):
    """A flush was not committed, and nothing of it can be seen. `errors`: what its batches met, in order."""

    def __init__(self, *found: BaseException) -> None:
        told = dict.fromkeys(f"{type(each).__name__}: {each}" for each in found)
        super().__init__("; ".join(told))  # a producer that has ended tells every batch the same
        self.errors = found


class RecordTooLarge(Exception):
    """An output is larger than a batch may be. Raise `max_batch_bytes` and the topic's max.message.bytes."""


_FENCED = (errors.ProducerFenced, errors.InvalidProducerEpoch)
_REFUSED = (
    errors.TransactionalIdAuthorizationFailed,
    errors.TopicAuthorizationFailedError,
    errors.GroupAuthorizationFailedError,
    errors.ClusterAuthorizationFailedError,
)
_HIDING = (errors.IllegalOperation, AssertionError)

# What a take-over or flush may fail with. Anything else is a bug, and ends the process.
EXPECTED = (errors.KafkaError, *_HIDING, FlushFailed, StateError, RecordTooLarge, TimeoutError, OSError)
# Of these, what stays as it is however often it is tried.
LASTING = (StateError, RecordTooLarge)


def verdict(error: BaseException, *, producer_failed: bool = False) -> Verdict:
    """Return what to do about `error`; producer_failed: the producer had ended before (state FATAL_ERROR)."""
    found = list(_causes(error))
    if any(isinstance(each, _REFUSED) for each in found):
        return Verdict.REFUSED
    if any(isinstance(each, _FENCED) for each in found):
        return Verdict.FENCED
    if any(isinstance(each, _HIDING) for each in found):
        return Verdict.FENCED if producer_failed else Verdict.AGAIN
    if any(isinstance(each, (errors.KafkaError, TimeoutError, OSError)) for each in found):
        return Verdict.AGAIN
    return Verdict.DEFECT


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and all that it came from."""
    waiting: list[BaseException | None] = [error]
    while waiting:
        each = waiting.pop(0)
        if each is None:
            continue
        yield each
        waiting += getattr(each, "errors", ()) if isinstance(each, FlushFailed) else ()
        waiting.append(each.__cause__)
