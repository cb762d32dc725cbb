"""What commands that talk to Kafka share: options, settings, and how they end where it cannot be reached."""

import asyncio
import logging
import os
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import click

from streams.settings import Settings, load

Result = TypeVar("Result")
Command = TypeVar("Command", bound=Callable[..., Any])


def broker_options(command: Command) -> Command:
    """Add the options that say which Kafka, and which application on it."""
    app = click.option("--app", metavar="NAME", help="Application id: names the group and the changelog.")
    broker = click.option("--broker", metavar="HOST:PORT", help="Bootstrap servers, separated by commas.")
    return broker(app(command))


def broker_settings(broker: str | None, app: str | None) -> Settings:
    """Return the settings; that they name a broker is seen by whoever connects."""
    return load(os.environ, options={"broker": broker, "app": app})


def run(
    work: Callable[[], Coroutine[Any, Any, Result]], settings: Settings, *, interrupted: int = 130
) -> Result:
    """Do the work of a command, once Kafka lets us in; Ctrl-C ends it with the code `interrupted`.

    Raises:
        ClickException: with code 1, Kafka cannot be reached, or refuses; the message says why.
    """
    from aiokafka.errors import KafkaConnectionError, KafkaError

    from streams.runtime.kafka.entrance import NoWayIn, knock

    async def enter() -> Result:
        await knock(settings)
        return await work()

    with LastWords() as heard:
        try:
            return asyncio.run(enter())
        except NoWayIn as refused:
            raise click.ClickException(str(refused)) from refused
        except KafkaConnectionError as error:
            raise click.ClickException(unreachable(settings, heard.text or str(error))) from error
        except KafkaError as error:
            raise click.ClickException(f"{settings.broker}: {described(error)}") from error
        except KeyboardInterrupt:
            raise SystemExit(interrupted) from None


def unreachable(settings: Settings, why: str) -> str:
    """Say that the broker does not answer, and what to look at."""
    return (
        f"{settings.broker} cannot be reached (security {settings.security}): {why.rstrip('. :')}. "
        "Is the broker running, and are these its address and its way in?"
    )


def described(error: BaseException) -> str:
    """Return what went wrong, in the words of Kafka."""
    return f"{type(error).__name__}: {error}".rstrip(": ")


class LastWords(logging.Handler):
    """Keeps aiokafka quiet, and what it said last: its exceptions often leave out the reason."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.text = ""
        self._logger = logging.getLogger("aiokafka")
        self._propagated = self._logger.propagate

    def emit(self, record: logging.LogRecord) -> None:
        """Keep what is said."""
        self.text = record.getMessage()

    def __enter__(self) -> "LastWords":
        self._propagated = self._logger.propagate
        self._logger.propagate = False
        self._logger.addHandler(self)
        return self

    def __exit__(self, *_: object) -> None:
        self._logger.removeHandler(self)
        self._logger.propagate = self._propagated
