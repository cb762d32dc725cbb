"""What happens in a dashboard on Kafka, as metrics."""

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest

from streams.instrumentation_dashboard import DashboardInstrumentation, DashboardState

COUNTERS = ("records", "repeated_records", "unreadable_records", "missed_records", "rebuilds")


def test_every_series_is_there_from_the_start_at_zero() -> None:
    """So that a rate can be taken of the first happening."""
    registry = CollectorRegistry()

    DashboardInstrumentation(["a", "b"], registry=registry)

    assert {
        registry.get_sample_value(f"engagement_dashboard_{name}_total", {"topic": topic})
        for name in COUNTERS
        for topic in "ab"
    } == {0.0}


def test_each_happening_moves_its_counter() -> None:
    """Of its topic alone."""
    registry = CollectorRegistry()
    heard = DashboardInstrumentation(["a", "b"], registry=registry)

    heard.taken({"a": 3}, seconds=0.02)
    heard.repeated("a")
    heard.unreadable("a", partition=0, offset=7, error=ValueError("no"))
    heard.missed("a", partition=0, records=5)
    heard.rebuilding("a", why="a test")

    found = [
        registry.get_sample_value(f"engagement_dashboard_{name}_total", {"topic": "a"}) for name in COUNTERS
    ]
    assert found == [3, 1, 1, 5, 1]
    assert registry.get_sample_value("engagement_dashboard_commit_seconds_count") == 1
    assert registry.get_sample_value("engagement_dashboard_records_total", {"topic": "b"}) == 0


def test_how_far_it_is_is_asked_when_somebody_looks() -> None:
    """Lag by topic, the size of the file, and whether it is ready."""
    registry = CollectorRegistry()
    hindrances: list[str | None] = ["catching up", None]
    DashboardState(
        lag=lambda: {"a": 4}, file_bytes=lambda: 4_096, hindrance=lambda: hindrances.pop(0), registry=registry
    )

    first, second = generate_latest(registry), generate_latest(registry)

    assert b"engagement_ready 0.0" in first
    assert b"engagement_ready 1.0" in second
    assert b'engagement_dashboard_lag_records{topic="a"} 4.0' in second
    assert b"engagement_dashboard_file_bytes 4096.0" in second
