"""What the API asks of the run behind it; the embedded run and, later, Kafka workers give it."""

from typing import Protocol

import msgspec

from schemas.http import AlertPage, TransitionPage
from schemas.views import CustomerView, PartitionKpis, Why
from streams.model.definition import Model


class PageQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which outputs to list, newest first: at most `limit` of those older than the cursor `before`.

    `customer` and `name` (a framework or an alert) narrow the list; None lets everything through.
    """

    limit: int = 100
    before: int | None = None
    customer: str | None = None
    name: str | None = None


class NotReadyError(Exception):
    """There is no state to answer from at the moment; the caller should ask again shortly."""


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """What the table holds in memory: `row_bytes` for each customer, and the ids that find duplicates.

    An id is evicted early when it had to go while a repeat of it was still possible.
    """

    row_bytes: int
    ids_remembered: int
    ids_evicted_early: int


class Service(Protocol):
    """A live table and the log under it. Every method may block, and may be called from any thread.

    The methods that read the table raise NotReadyError while there is none.
    """

    @property
    def model(self) -> Model:
        """The model in use."""

    def customer(self, customer_id: str) -> CustomerView | None:
        """Return the customer as it is now; None if nothing is known about it."""

    def why(self, customer_id: str) -> Why | None:
        """Say why the customer is where it is; None if nothing is known about it."""

    def kpis(self) -> PartitionKpis:
        """Return the figures about everybody."""

    def transitions(self, query: PageQuery) -> TransitionPage:
        """List stored transitions."""

    def alerts(self, query: PageQuery) -> AlertPage:
        """List stored alerts."""

    def memory(self) -> Memory:
        """Return what the table holds in memory."""

    def lag(self) -> int:
        """Return how many stored records are not processed yet."""

    def hindrance(self) -> str | None:
        """Say what keeps the run from serving (recovering, stopped, not writable, behind); None if ready."""
