"""What a failure means: one test for each row of the table, in the shapes in which aiokafka brings it."""

import pytest
from aiokafka import errors

from streams.runtime.kafka.errors import (
    EXPECTED,
    FlushFailed,
    RecordTooLarge,
    StateError,
    Verdict,
    verdict,
)


def caused(error: BaseException, cause: BaseException) -> BaseException:
    """Return an error as `raise error from cause` makes it."""
    error.__cause__ = cause
    return error


@pytest.mark.parametrize("fence", [errors.ProducerFenced, errors.InvalidProducerEpoch])
def test_a_fence_is_a_fence_wherever_it_is_seen(fence: type[errors.KafkaError]) -> None:
    """At the start, in a batch, at the commit; bare, as a cause, or among the errors of batches."""
    for error in (
        fence(),
        caused(errors.KafkaError("delivery"), fence()),
        FlushFailed(fence()),
        FlushFailed(errors.KafkaError(), caused(errors.KafkaError(), fence())),
        caused(FlushFailed(errors.IllegalOperation()), fence()),
    ):
        assert verdict(error) is Verdict.FENCED


@pytest.mark.parametrize("hiding", [errors.IllegalOperation(), AssertionError("invalid state transition")])
def test_a_call_that_is_wrong_after_a_fatal_error_hides_a_fence(hiding: BaseException) -> None:
    """The state of the producer tells; while it has not failed, the call alone is no fence."""
    for error in (hiding, FlushFailed(hiding)):
        assert verdict(error, producer_failed=True) is Verdict.FENCED
        assert verdict(error, producer_failed=False) is Verdict.AGAIN


def test_an_earlier_batch_says_what_a_wrong_call_hides() -> None:
    """The second `send_batch` came before the first future was looked at: it is a fence all the same."""
    failed = FlushFailed(errors.ProducerFenced(), errors.IllegalOperation())

    assert verdict(failed) is Verdict.FENCED


@pytest.mark.parametrize(
    "denial",
    [
        errors.TransactionalIdAuthorizationFailed,
        errors.TopicAuthorizationFailedError,
        errors.GroupAuthorizationFailedError,
        errors.ClusterAuthorizationFailedError,
    ],
)
def test_a_missing_permission_stops_the_worker(denial: type[errors.KafkaError]) -> None:
    """Trying again would not help; it stands above all else that was seen with it."""
    for error in (denial(), FlushFailed(errors.ProducerFenced(), denial())):
        assert verdict(error, producer_failed=True) is Verdict.REFUSED


@pytest.mark.parametrize(
    "failed",
    [
        errors.OutOfOrderSequenceNumber(),
        errors.MessageSizeTooLargeError(),
        errors.InvalidTxnState(),
        caused(
            errors.KafkaError("Unexpected error during batch delivery"), errors.InvalidProducerIdMapping()
        ),
        errors.KafkaTimeoutError(),
        errors.UnknownTopicOrPartitionError(),
    ],
)
def test_a_failed_batch_is_never_committed_and_taken_over_again(failed: errors.KafkaError) -> None:
    """Memory is ahead of the log: the state is dropped, and a new producer begins from the changelog."""
    for error in (failed, FlushFailed(failed), FlushFailed(errors.KafkaError(), failed)):
        assert verdict(error) is Verdict.AGAIN


@pytest.mark.parametrize(
    "slow",
    [
        TimeoutError(),  # `start` did not come back, or a commit was given up
        errors.KafkaConnectionError(),
        ConnectionResetError(),
        errors.NotCoordinatorForGroupError(),
        errors.CoordinatorLoadInProgressError(),
        errors.ConcurrentTransactions(),
    ],
)
def test_what_aiokafka_tries_again_itself_is_tried_again_if_it_comes_through(slow: BaseException) -> None:
    """Connections, coordinators on the move, time that ran out."""
    assert verdict(slow) is Verdict.AGAIN


@pytest.mark.parametrize("bug", [ValueError("bug"), KeyError("bug"), FlushFailed(TypeError("bug"))])
def test_anything_else_is_a_bug(bug: BaseException) -> None:
    """It ends the process; what a flush wraps is not made harmless by the wrapping."""
    assert verdict(bug) is Verdict.DEFECT


def test_what_may_happen_is_told_from_bugs() -> None:
    """Only these are caught around a take-over and a flush."""
    for error in (errors.KafkaError(), AssertionError(), FlushFailed(), StateError(), RecordTooLarge()):
        assert isinstance(error, EXPECTED)
    for bug in (ValueError(), KeyError(), TypeError(), AttributeError()):
        assert not isinstance(bug, EXPECTED)


def test_a_failed_flush_says_all_that_its_batches_met() -> None:
    """In their order: the first is usually the cause."""
    failed = FlushFailed(errors.ProducerFenced("by another"), errors.IllegalOperation("not now"))

    said = str(failed)

    assert said.index("ProducerFenced") < said.index("by another") < said.index("IllegalOperation")
    assert len(failed.errors) == 2
