import asyncio
import contextlib

import pytest

from streams.runtime.kafka.ending import end


async def closing_as_aiokafka_does(*, swallowed: int) -> None:
    """Go on for ever after so many cancellations, as a task that met one inside `consumer.stop()`."""
    for _ in range(swallowed):
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
    await asyncio.Event().wait()


@pytest.mark.parametrize("swallowed", [0, 1, 3])
def test_a_task_ends_however_often_its_cancellation_is_swallowed(swallowed: int) -> None:
    """Waiting for its end after a single cancellation would be for ever."""

    async def run() -> bool:
        task = asyncio.create_task(closing_as_aiokafka_does(swallowed=swallowed))
        await asyncio.sleep(0)
        await asyncio.wait_for(end(task), 10)
        return task.cancelled()

    assert asyncio.run(run())


def test_how_a_task_ended_is_its_own_affair() -> None:
    """A task that failed, or had ended before, is no error of whoever ends it."""

    async def fail() -> None:
        raise OSError

    async def run() -> None:
        task = asyncio.create_task(fail())
        await end(task)
        await end(task)

    asyncio.run(run())
