"""How much room the embedded log takes and has: read from the file system when Prometheus asks."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector


class Disk(Collector):
    """Collects the size of the files in a data directory, and of the file system that they are on."""

    def __init__(self, directory: Path, *, registry: CollectorRegistry) -> None:
        self._directory = directory
        registry.register(self)

    def describe(self) -> list[Metric]:
        """Say nothing: the directory may not be there yet."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Look at the file system."""
        space = shutil.disk_usage(self._directory)
        yield GaugeMetricFamily(
            "engagement_log_bytes", "Size of the log's files.", value=_bytes_in(self._directory)
        )
        yield GaugeMetricFamily(
            "engagement_disk_free_bytes", "Room left on the log's file system.", value=space.free
        )
        yield GaugeMetricFamily(
            "engagement_disk_size_bytes", "Size of the log's file system.", value=space.total
        )


def _bytes_in(directory: Path) -> int:
    """Return the size of the files; one may go while we look, as SQLite's journals do."""
    total = 0
    for path in directory.iterdir():
        try:
            total += path.stat().st_size
        except FileNotFoundError:
            continue
    return total
