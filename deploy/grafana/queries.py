"""Queries that are written often, over the jobs that the dashboard's variable chooses."""

from typing import Final

OF_JOB: Final = 'job=~"$job"'


def rate(metric: str, *by: str) -> str:
    """Return the increase a second, added up by labels."""
    return f"sum by ({', '.join(by)}) (rate({metric}{{{OF_JOB}}}[$__rate_interval]))"


def increase(metric: str, *by: str) -> str:
    """Return the increase within each step that is drawn, added up by labels."""
    of = f" by ({', '.join(by)}) " if by else ""
    return f"sum{of}(increase({metric}{{{OF_JOB}}}[$__rate_interval]))"


def increase_shown(metric: str, *by: str) -> str:
    """Return the increase within the time shown, added up by labels."""
    of = f" by ({', '.join(by)}) " if by else ""
    return f"sum{of}(increase({metric}{{{OF_JOB}}}[$__range]))"


def p99(metric: str) -> str:
    """Return the value that all but a hundredth of a histogram's observations are below."""
    return f"histogram_quantile(0.99, {rate(metric + '_bucket', 'le')})"


def by_partition(metric: str, *labels: str) -> str:
    """Return a gauge of partitions, each partition once."""
    return f"max by ({', '.join(('job', 'partition', *labels))}) ({metric}{{{OF_JOB}}})"


def recorded(name: str, *by: str, how: str = "sum", of: str = OF_JOB) -> str:
    """Return what a recording rule made, over the jobs chosen."""
    return f"{how} by ({', '.join(by)}) ({name}{{{of}}})" if by else f"{how}({name}{{{of}}})"
