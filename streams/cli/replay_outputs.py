"""The files that a replay writes: JSON lines, gzip when the name ends in .gz."""

import gzip
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import msgspec

from schemas.views import CustomerView
from streams.ingest.instants import render


class UnwritableFileError(Exception):
    """A file cannot be written. Make room or mend its permissions, then start again."""


class LinesFile:
    """One file of JSON lines. It is opened at once, so that a bad name stops the start."""

    def __init__(self, path: Path) -> None:
        """Open `path` for writing.

        Raises:
            UnwritableFileError: It cannot be opened.
        """
        self.path = path
        self.encoder = msgspec.json.Encoder()
        try:
            self.stored = path.open("wb")
        except OSError as error:
            raise self._unwritable(error) from error
        # No name and no time inside: the same replay gives the same bytes.
        self.stream = (
            gzip.GzipFile(filename="", mode="wb", fileobj=self.stored, mtime=0, compresslevel=6)
            if path.suffix == ".gz"
            else self.stored
        )

    def write(self, items: Iterable[object]) -> None:
        """Write one line per item.

        Raises:
            UnwritableFileError: The disk is full, or the like.
        """
        try:
            self.stream.write(self.encoder.encode_lines(items))
        except OSError as error:
            raise self._unwritable(error) from error

    def close(self) -> None:
        """Finish the file.

        Raises:
            UnwritableFileError: Its last part could not be written.
        """
        try:
            try:
                self.stream.close()
            finally:
                self.stored.close()
        except OSError as error:
            raise self._unwritable(error) from error

    def _unwritable(self, error: OSError) -> UnwritableFileError:
        return UnwritableFileError(f"{self.path}: {error.strerror or error}")


class Outputs:
    """The files that were asked for, by what they hold; the others take nothing."""

    def __init__(self, files: Mapping[str, LinesFile]) -> None:
        """Write into open files."""
        self.files = files

    def wants(self, name: str) -> bool:
        """Whether somebody asked for it."""
        return name in self.files

    def write(self, name: str, items: Iterable[object]) -> None:
        """Write items to the file of that name, if there is one."""
        if name in self.files:
            self.files[name].write(items)


@contextmanager
def open_outputs(paths: Mapping[str, Path | None]) -> Iterator[Outputs]:
    """Open every file that has a path, and finish them all at the end.

    Raises:
        UnwritableFileError: One of them cannot be opened, written or finished.
    """
    with ExitStack() as files:
        yield Outputs(
            {
                name: files.enter_context(closing(LinesFile(path)))
                for name, path in paths.items()
                if path is not None
            }
        )


def customer_line(view: CustomerView) -> dict[str, object]:
    """Return a customer as `--customers` writes it; times are RFC 3339 with milliseconds and Z."""
    return {
        "customer_id": view.customer_id,
        "first": None if view.first is None else render(view.first),
        "last": None if view.last is None else render(view.last),
        "scores": view.scores,
        "dimensions": view.dimensions,
        "stages": view.stages,
        "signals": {
            name: {
                "count": signal.count,
                "days": signal.days,
                "sum": signal.sum,
                "first": render(signal.first),
                "last": render(signal.last),
            }
            for name, signal in view.signals.items()
        },
        "rfm": view.rfm,
    }
