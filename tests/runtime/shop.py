"""What happens in a small shop, and what is read from it: the first half of the models of these tests."""

from streams.model.load import load_model_text
from streams.testing import TopologyTestDriver
from tests.random_histories import at

NOON = at(2024, 3, 13, 12)
MAP = """
model: shop
version: 1
touchpoints:
  - {event: buy, type: transactional, signals: {purchase: [properties.revenue, properties.total]}}
  - {event: visit, type: cognitive, signals: [visit], dimensions: {attention: 1}}
  - {event: gift, signals: {visit: 1, given: 2.5}}
  - {event: ask, signals: [ask], answers: {nps: {value: properties.score, scale: 0-10}}}
dimensions: {attention: {half_life: 1d, half_at: 1}}
answers: {nps: {window: 2d}}
scores: {engagement: attention, mood: 10 * answer(nps)}
"""


def driver_of(decisions: str, *, of: str = MAP) -> TopologyTestDriver:
    """Return a driver of the shop with these frameworks and alerts."""
    return TopologyTestDriver(load_model_text(of + decisions))
