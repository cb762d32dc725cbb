"""The broker that all tests here share, and for each test names of its own on it."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple, TypeVar

import pytest

from tests.kafka.artifacts import MissingPart
from tests.kafka.broker import Broker
from tests.kafka.secured import SecuredBroker

B = TypeVar("B", bound=Broker)


class Fresh(NamedTuple):
    """What is one test's own on the shared broker: an application id, and a prefix for topics and groups."""

    app: str
    prefix: str

    def topic(self, name: str) -> str:
        """Return a topic's name that no other test has."""
        return self.prefix + name


@contextmanager
def running(broker: B) -> Iterator[B]:
    """Start a broker, or fail with the part that is missing; in the end its data is thrown away."""
    try:
        broker.start()
    except MissingPart as error:
        pytest.fail(str(error), pytrace=False)
    try:
        yield broker
    finally:
        if broker.running:
            broker.kill()


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A broker, started once per run; RAPPORT_TEST_KAFKA=host:port takes one that already runs."""
    elsewhere = os.environ.get("RAPPORT_TEST_KAFKA")
    if elsewhere:
        theirs = Broker(bootstrap=elsewhere)
        theirs.start()
        yield theirs
        return
    with running(Broker(tmp_path_factory.mktemp("kafka"))) as own:
        yield own


@pytest.fixture(scope="session")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredBroker]:
    """A broker with TLS, SASL and permissions, started once per run, when the first test asks for it."""
    with running(SecuredBroker(tmp_path_factory.mktemp("secured"))) as own:
        yield own


@pytest.fixture
def names() -> Fresh:
    """Names of the test's own, on any broker."""
    name = f"t{uuid.uuid4().hex[:8]}"
    return Fresh(app=name, prefix=f"{name}.")


@pytest.fixture
def fresh(broker: Broker, names: Fresh) -> Fresh:
    """Names of the test's own, on a broker that runs, whatever the test before has done to it."""
    broker.start()
    return names
