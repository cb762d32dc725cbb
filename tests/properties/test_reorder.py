"""Within grace the order of arrival does not matter: to counts, days, first and last, panes and sums."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.properties.order_free import far_apart, order_free_counts, order_free_sums, within_grace
from tests.properties.runs import driver_with


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_order_within_grace_changes_no_count_or_sum(data: st.DataObject) -> None:
    """Whole numbers are equal, sums within 1e-9; stages, sessions and rhythm depend on the path."""
    model, values = data.draw(within_grace())
    one = driver_with(model, values)
    other = driver_with(model, data.draw(st.permutations(values)))

    one.run()
    other.run()

    assert order_free_counts(one) == order_free_counts(other)
    assert far_apart(order_free_sums(one), order_free_sums(other)) == []
