"""What a figure depends on beside the code: cores, processor, versions; and the memory of a process."""

import os
import platform
import resource
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import numba

from streams.engine.compiled import INTERPRETED

_STATUS = Path("/proc/self/status")
_PROCESSOR = Path("/proc/cpuinfo")


class Facts(msgspec.Struct, frozen=True):
    """The machine and the versions that figures were measured with; `day` is a UTC date."""

    cores: int
    processor: str
    python: str
    numba: str
    interpreted: bool
    day: str

    def __str__(self) -> str:
        engine = ", engine INTERPRETED" if self.interpreted else ""
        return (
            f"{self.cores} cores of {self.processor}, Python {self.python}, numba {self.numba}{engine}, "
            f"{self.day}"
        )


def facts() -> Facts:
    """Return the facts of this machine, now."""
    return Facts(
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        processor=_processor(),
        python=platform.python_version(),
        numba=numba.__version__,
        interpreted=INTERPRETED,
        day=f"{datetime.now(UTC):%Y-%m-%d}",
    )


def resident_bytes() -> int:
    """Return the memory that this process holds now; 0 where the system does not say."""
    return _status("VmRSS") * 1024


def peak_bytes() -> int:
    """Return the most memory that this process has held."""
    peak = _status("VmHWM")  # ru_maxrss may be that of the process that started this one
    return (peak or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) * 1024


def _status(name: str) -> int:
    """Return a number of kilobytes from the status of this process, 0 if it is not there."""
    try:
        lines = _STATUS.read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(f"{name}:")), 0)


def _processor() -> str:
    try:
        lines = _PROCESSOR.read_text().splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or platform.machine())
