"""The systems that are measured, as processes on their core: `rapport worker` and its peers."""

import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager

from bench.kafka.cluster import Cluster, pinned
from tests.kafka.conftest import Fresh
from tests.kafka.fleet import Member


class SystemFailedError(Exception):
    """A system ended while it was measured. The message ends with the last lines of its log."""


@contextmanager
def worker(
    at: Cluster,
    names: Fresh,
    *,
    model: str = "starter",
    name: str = "worker",
    shared: bool = False,
    child: tuple[str, ...] = (),
    **settings: object,
) -> Iterator[Member]:
    """Give a `rapport worker` with default settings but for those given; it is gone at the end.

    shared: on any core. child: another program in its place, with the same settings in its environment.
    """
    own = {key: value for key, value in os.environ.items() if not key.startswith("RAPPORT_")}
    chosen = {
        "broker": at.broker.bootstrap,
        "app": names.app,
        "topic_prefix": names.prefix,
        "model": model,
        "metrics_port": 0,
        **settings,
    }
    environment = own | {f"RAPPORT_{key.upper()}": str(value) for key, value in chosen.items()}
    log = at.directory / f"{names.app}-{name}.log"
    with pinned(at.cores.all if shared else at.cores.system):
        member = Member(name, log, environment, child)
    try:
        yield member
    finally:
        if member.alive:
            member.kill()


def see(members: Iterable[Member]) -> None:
    """See that the systems still run.

    Raises:
        SystemFailedError: one does not.
    """
    for member in members:
        if not member.alive:
            raise SystemFailedError(
                f"{member.name} ended with {member.process.returncode}:\n{member.tail(40)}"
            )


@contextmanager
def several(
    at: Cluster,
    names: Fresh,
    count: int,
    *,
    model: str = "starter",
    shared: bool = False,
    child: tuple[str, ...] = (),
) -> Iterator[list[Member]]:
    """Give so many of them."""
    with ExitStack() as stack:
        yield [
            stack.enter_context(
                worker(at, names, model=model, name=f"worker-{number}", shared=shared, child=child)
            )
            for number in range(count)
        ]
