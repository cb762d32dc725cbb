"""`rapport up` whose clock stands in a file: the whole command but for the time of day."""

import os
import sys
from pathlib import Path

from streams import settings
from streams.cli import up


def main(clock: Path, *, data: str, port: int, model: str) -> None:
    """Serve until a signal; the file `clock` holds the present, in epoch milliseconds."""
    chosen = settings.load(os.environ, options={"data": data, "port": port, "model": model})
    up.serve(chosen, clock=lambda: int(clock.read_bytes()))


if __name__ == "__main__":
    main(Path(sys.argv[1]), data=sys.argv[2], port=int(sys.argv[3]), model=sys.argv[4])
