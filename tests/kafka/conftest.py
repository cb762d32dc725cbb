"""The broker that all tests here share, and for each test names of its own on it."""

import os
import uuid
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from tests.kafka.artifacts import MissingPart
from tests.kafka.broker import Broker
from tests.kafka.secured import SecuredBroker


class Fresh(NamedTuple):
    """What is one test's own on the shared broker: an application id, and a prefix for topics and groups."""

    app: str
    prefix: str

    def topic(self, name: str) -> str:
        """Return a topic's name that no other test has."""
        return self.prefix + name


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A broker, started once per run; RAPPORT_TEST_KAFKA=host:port takes one that already runs."""
    elsewhere = os.environ.get("RAPPORT_TEST_KAFKA")
    if elsewhere:
        running = Broker(bootstrap=elsewhere)
        running.start()
        yield running
        return
    broker = Broker(tmp_path_factory.mktemp("kafka"))
    try:
        broker.start()
    except MissingPart as error:
        pytest.fail(str(error), pytrace=False)
    try:
        yield broker
    finally:
        if broker.running:
            broker.kill()  # its data is thrown away


@pytest.fixture(scope="session")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredBroker]:
    """A broker with TLS, SASL and permissions, started once per run, when the first test asks for it."""
    broker = SecuredBroker(tmp_path_factory.mktemp("secured"))
    try:
        broker.start()
    except MissingPart as error:
        pytest.fail(str(error), pytrace=False)
    try:
        yield broker
    finally:
        broker.kill()


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
