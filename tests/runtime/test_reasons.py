"""What a reader is told about the stages that a customer is not in."""

from schemas.views import Why
from streams.model.load import load_model
from streams.testing import TopologyTestDriver


def why(*events: str) -> Why:
    """Return why a customer is where it is after these events, all on one day."""
    driver = TopologyTestDriver(load_model("starter"))
    for number, event in enumerate(events):
        driver.pipe(
            {
                "message_id": f"m{number}",
                "customer_id": "ada",
                "event": event,
                "timestamp": f"2026-03-01T12:00:{number:02}Z",
            }
        )
    found = driver.processor.why("ada")
    assert found is not None
    return found


def test_a_stage_that_is_entered_only_from_others_names_them() -> None:
    """Its rule may hold all the same: whoever reads it has to know that it does not matter here."""
    others = why("Page Viewed", "Order Completed").stages["clm"].others

    assert others["reactivated"].holds
    assert others["reactivated"].from_stages == ["dormant", "churned"]
    assert others["dormant"].from_stages == []
    assert others["evaluation"].from_stages == []
