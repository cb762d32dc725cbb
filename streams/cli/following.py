"""The topics followed in a thread of their own, beside the server, which has the main one."""

import asyncio
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress

from click import ClickException

from streams.cli.kafka import LastWords
from streams.instrumentation_dashboard import DashboardInstrumentation
from streams.materialised.intake import Intake
from streams.runtime.kafka.connection import client_arguments
from streams.runtime.kafka.entrance import NoWayIn, knock
from streams.runtime.kafka.following import Follower
from streams.runtime.kafka.sources import CannotFollow
from streams.settings import Settings


class FollowingThread:
    """Follows topics, called `names` here, into a file.

    failure: why it did, None while all is well.
    """

    def __init__(
        self,
        settings: Settings,
        names: Mapping[str, str],
        intake: Intake,
        *,
        since_ms: int,
        instrumentation: DashboardInstrumentation,
    ) -> None:
        self.failure: BaseException | None = None
        self._settings = settings
        self._follower = Follower(
            client_arguments(settings), names, intake, since_ms=since_ms, instrumentation=instrumentation
        )
        self._thread: threading.Thread | None = None

    def start(self, *, serve_anyway: bool, on_end: Callable[[], None]) -> None:
        """Begin; `on_end` hears when it ended by itself.

        serve_anyway: there is something to serve, even if the broker cannot be reached now.

        Raises:
            ClickException: it cannot, or lets us not in, or lacks a topic.
        """
        try:
            with LastWords():
                asyncio.run(self._try())
        except (NoWayIn, CannotFollow) as refused:
            if not serve_anyway:
                raise ClickException(str(refused)) from refused
        self._thread = threading.Thread(target=self._work, args=(on_end,), name="following")
        self._thread.start()

    def stop(self) -> None:
        """End it, and return when it has ended."""
        if self._thread is not None:
            with suppress(RuntimeError):  # its loop is closed: it has ended
                self._follower.stop_soon()
            self._thread.join()

    def lag(self) -> dict[str, int]:
        """Return how many outputs of each topic are not taken over."""
        return self._follower.lag()

    def hindrance(self) -> str | None:
        """Say what keeps the file from being current."""
        return self._follower.hindrance()

    async def _try(self) -> None:
        await knock(self._settings)
        await self._follower.look()

    def _work(self, on_end: Callable[[], None]) -> None:
        try:
            asyncio.run(self._follower.run())
        except BaseException as error:  # noqa: BLE001  # whatever it is, the main thread tells it
            self.failure = error
            on_end()
