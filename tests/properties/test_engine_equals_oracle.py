"""The engine means what the oracle means: on random models and random histories, step by step."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.agreement import differences
from tests.random_histories import histories
from tests.random_models import models


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_engine_and_oracle_agree_on_random_models_and_histories(data: st.DataObject) -> None:
    """After every record outcomes, states, transitions and alerts are equal, instants within 1 ms."""
    model = data.draw(models())
    history = data.draw(histories(grace_ms=model.settings.grace_ms))

    found = differences(model, history)

    assert found == []
