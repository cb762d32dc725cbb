"""Ending a task for certain, although aiokafka swallows a cancellation that meets it while it closes."""

import asyncio
from typing import Any, Final

AGAIN_S: Final = 0.2


async def end(task: "asyncio.Task[Any]") -> None:
    """Cancel a task until it has ended; how it ended is not told.

    aiokafka's `close` and `stop` wait for tasks that they cancel, and take our cancellation for theirs.
    The task would go on, and whoever waits for its end would wait for ever.
    """
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=AGAIN_S)
    if not task.cancelled():
        task.exception()  # it is looked at, so that asyncio does not report it
