"""One processor, two logs (law 5), and any number of partitions (law 1), on a real broker."""

import itertools
from collections import defaultdict
from pathlib import Path

import msgspec
import pytest

from schemas.outputs import StageChanged
from streams.model.load import load_model
from streams.runtime.embedded.log import EmbeddedLog
from streams.runtime.processor import Processor
from streams.runtime.record import Record
from tests.kafka import load
from tests.kafka.broker import Broker
from tests.kafka.conftest import Fresh
from tests.kafka.fleet import HASTY
from tests.kafka.trial import trial

Moves = dict[str, list[tuple[str, str, str | None, str | None]]]
