"""Where the real data are: beside the repository, in `shared/data`."""

from pathlib import Path

DATA = Path(__file__).parents[2] / "shared" / "data"


def data(name: str) -> Path:
    """Return a file of the real data; without it these tests cannot tell anything, and fail."""
    path = DATA / name
    assert path.is_file(), (
        f"{name} is missing: put the data of the project into shared/data beside the repository"
    )
    return path
