"""A worker as a process: from the settings to a running `Worker`, with its metrics and health on a port."""

from collections.abc import Callable
from importlib.metadata import version

from aiokafka.errors import KafkaConnectionError
from click import ClickException

from schemas.dead_letter import DeadLetter
from streams.cli.kafka import LastWords, unreachable
from streams.cli.refusal import Refusal
from streams.cli.registry import new_registry
from streams.cli.worker_port import serve
from streams.ingest.foreign import read_record
from streams.ingest.item import Refused
from streams.instrumentation_population import Population
from streams.logs import log_to_stderr
from streams.model.load import load_model
from streams.runtime.kafka.app import GroupSettings
from streams.runtime.kafka.asking import require
from streams.runtime.kafka.connection import client_arguments
from streams.runtime.kafka.entrance import NoWayIn, knock
from streams.runtime.kafka.errors import StateError
from streams.runtime.kafka.permissions import NotAllowed
from streams.runtime.kafka.rekeying import Touch
from streams.runtime.kafka.worker import Worker, WorkerSettings
from streams.runtime.schedule import RunSettings
from streams.settings import Settings

FLUSH_CHANGES = 50_000


def worker_settings(settings: Settings) -> WorkerSettings:
    """Return how a worker goes about it, by the settings of the installation."""
    return WorkerSettings(
        group=GroupSettings(
            app=settings.app,
            client=client_arguments(settings),
            prefix=settings.topic_prefix,
            instance=settings.instance,
            rack=settings.rack,
            session_timeout_s=settings.session_timeout_ms / 1_000,
            read_ahead_bytes=settings.read_ahead_bytes,
            chunk_records=settings.chunk_records,
            normalise=tuple(settings.normalise),
        ),
        transactions=settings.transactions,
        transaction_timeout_ms=settings.transaction_timeout_ms,
        max_batch_bytes=settings.max_batch_bytes,
        remembered_ids=settings.remembered_ids,
        watchdog_s=settings.watchdog_s,
        run=RunSettings(flush_interval_ms=settings.flush_interval_ms, flush_changes=FLUSH_CHANGES),
    )


async def run(settings: Settings, *, on_step: Callable[[str], None] = lambda _: None) -> int:
    """Run a worker until it ends; return the exit code.

    Raises:
        ClickException: no broker answers, one does not let us in, or does not allow what is needed.
        Refusal: the port is taken, or topics do not fit.
    """
    log_to_stderr()
    registry = new_registry()
    model = load_model(settings.model)
    worker = Worker(
        worker_settings(settings), model, registry=registry, build=version("rapport"), adapt=_adapt,
        on_step=on_step,
    )  # fmt: skip
    Population(
        model, read=worker.readings, partitions=lambda: worker.partitions,
        hindrance=lambda: worker.hindrance, registry=registry,
    )  # fmt: skip
    server = serve(
        settings.host, settings.metrics_port, registry=registry, hindrance=lambda: worker.hindrance,
        running=lambda: set(worker.readings()),
    )  # fmt: skip
    worker.instrumentation.serving(url=f"http://{settings.host}:{server.server_port}")
    try:
        with LastWords():
            await knock(settings)
        await require(settings)
        code = await worker.run()
        if worker.was_refused:
            await require(settings)  # which says what
        return code
    except (NoWayIn, NotAllowed) as refused:
        raise ClickException(str(refused)) from refused
    except StateError as problem:
        raise Refusal(str(problem)) from problem
    except KafkaConnectionError as problem:
        raise ClickException(unreachable(settings, str(problem))) from problem
    finally:
        server.shutdown()
        server.server_close()


def _adapt(value: bytes, received_ms: int | None, fallback_id: str) -> list[Touch | DeadLetter]:
    return [
        DeadLetter(reason=item.reason, message=item.message, value=item.value)
        if isinstance(item, Refused)
        else (item.subject.encode(), item.value)
        for item in read_record(value, received_ms=received_ms, fallback_id=fallback_id)
    ]
