"""What the API asks of whatever stands behind it: the embedded run, or what was materialised from Kafka."""

from typing import Literal, Protocol

import msgspec

from schemas.pages import Acknowledgement, CustomerPage, TouchpointPage
from schemas.population import PartitionStatus
from schemas.views import CustomerView, PartitionKpis, Why
from streams.archive.questions import Questions
from streams.model.definition import Model
from streams.runtime.search import CustomerQuery


class NotReadyError(Exception):
    """There is no state to answer from at the moment; the caller should ask again shortly."""


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """What the table holds in memory: `row_bytes` for each customer."""

    row_bytes: int


class Service(Protocol):
    """Customers, and what was told of them. Every method may block, and may be called from any thread.

    The methods that read customers raise NotReadyError while there is nothing to read.
    """

    mode: Literal["embedded", "kafka"]

    @property
    def model(self) -> Model:
        """The model in use."""

    @property
    def told(self) -> Questions:
        """What was told: transitions, alerts, scores, figures over time."""

    def customer(self, customer_id: str) -> CustomerView | None:
        """Return the customer as it is now; None if nothing is known about it."""

    def why(self, customer_id: str) -> Why | None:
        """Say why the customer is where it is; None if nothing is known about it."""

    def customers(self, query: CustomerQuery) -> CustomerPage:
        """Return customers in the order of their ids.

        Raises:
            UnknownName: the model has no such framework, stage or score.
        """

    def touchpoints(self, customer_id: str, *, before: int | None, limit: int) -> TouchpointPage:
        """Return a customer's touchpoints, the last stored first."""

    def kpis(self) -> PartitionKpis:
        """Return the figures about everybody; they may be a second old."""

    def acknowledge(self, alert_id: str, said: Acknowledgement | None) -> bool:
        """Note durably who looks after an alert, None for nobody; return whether there is such an alert."""

    def partitions(self) -> list[PartitionStatus]:
        """Return what is known of each partition."""

    def memory(self) -> Memory | None:
        """Return what the table holds in memory, None where it is elsewhere."""

    def lag(self) -> int:
        """Return how many stored records are not processed yet, or outputs not taken over."""

    def hindrance(self) -> str | None:
        """Say what keeps it from serving (recovering, stopped, not writable, behind); None if ready."""
