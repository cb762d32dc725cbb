"""How the engine's functions are compiled: once for every model, cached on disk, or run interpreted.

Types come from the annotations, so each function is compiled exactly once; `prepare` does it, callees
first. With NUMBA_DISABLE_JIT=1 the same functions run as plain Python, so that a touchpoint can be
stepped through in a debugger and coverage can be measured.
"""

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Annotated, ParamSpec, TypeVar, cast, get_args, get_origin, get_type_hints

import numba
import numpy as np
import xxhash
from numba import types
from numpy.typing import NDArray

from streams.engine.structures import structure_type, table_of

P = ParamSpec("P")
R = TypeVar("R")
Progress = Callable[[int, int], None]

INTERPRETED: bool = bool(numba.config.DISABLE_JIT)
PLANE = "two-dimensional"
FloatPlane = Annotated[NDArray[np.float64], PLANE]
IntPlane = Annotated[NDArray[np.int64], PLANE]
BytePlane = Annotated[NDArray[np.uint8], PLANE]

_SCALARS = {int: types.int64, float: types.float64, bool: types.boolean}
_compiled: list[tuple["numba.core.dispatcher.Dispatcher", bool]] = []
_structures: dict[type, "types.Type"] = {}
_ready: list[bool] = []


def _sources_digest() -> str:
    """Return a digest of the engine's sources: numba itself looks only at the file of one function."""
    digest = xxhash.xxh3_64()
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return f"{numba.__version__}-{digest.hexdigest()}"


def cache_directory() -> Path:
    """Return where the compiled engine of these very sources is kept (NUMBA_CACHE_DIR moves the root)."""
    root = Path(numba.config.CACHE_DIR or Path.home() / ".cache" / "rapport")
    return root / _sources_digest()


CACHE = cache_directory()
if not INTERPRETED:
    numba.config.CACHE_DIR = str(CACHE)


def is_warm() -> bool:
    """Return whether the compiled engine is on disk, so that the start need not compile it."""
    return INTERPRETED or (CACHE / "complete").exists()


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function that only other compiled functions call; leave it as it is when running interpreted.

    Without the wrappers that Python would need, which cost more to compile than most functions.
    """
    return _jit(function, entry=False)


def entry(function: Callable[P, R]) -> Callable[P, R]:
    """As `compiled`, for functions that Python calls too."""
    return _jit(function, entry=True)


class Structure:
    """A bundle of arrays for the kernel; subclasses are frozen dataclasses of arrays."""

    @cached_property
    def table(self) -> NDArray[np.int64]:
        """Return where the arrays are, for compiled code."""
        return table_of(self)

    @cached_property
    def address(self) -> int:
        """Return where the table of arrays is."""
        return int(self.table.ctypes.data)


def structure(example: Structure, *, constant: tuple[str, ...] = ()) -> None:
    """Say what a structure in an annotation looks like, by an example of it, and what nobody writes to.

    Arrays of a structure with constant fields can be read and written only cell by cell.
    """
    if not INTERPRETED:
        _structures[type(example)] = structure_type(example, frozenset(constant))


def prepare(progress: Progress | None = None) -> None:
    """Compile what is not yet on disk, and load the rest; `progress` hears (functions done, functions)."""
    if INTERPRETED or _ready:
        return
    wanted = [dispatcher for dispatcher, is_entry in _compiled if is_entry or not is_warm()]
    for done, dispatcher in enumerate(wanted):
        if progress is not None:
            progress(done, len(wanted))
        dispatcher.compile(_types_of(dispatcher.py_func))
        dispatcher.disable_compile()
    _ready.append(True)
    (CACHE / "complete").touch()


def _jit(function: Callable[P, R], *, entry: bool) -> Callable[P, R]:
    if INTERPRETED:
        return function
    made = numba.njit(
        cache=True, error_model="numpy", nogil=True, no_cpython_wrapper=not entry, no_cfunc_wrapper=True
    )(function)
    _compiled.append((made, entry))
    return cast("Callable[P, R]", made)


def _types_of(function: Callable[..., object]) -> tuple["types.Type", ...]:
    hints = get_type_hints(function, include_extras=True)
    return tuple(_type_of(hint) for name, hint in hints.items() if name != "return")


def _type_of(hint: object) -> "types.Type":
    if isinstance(hint, type) and hint in _SCALARS:
        return _SCALARS[hint]
    if isinstance(hint, type) and hint in _structures:
        return _structures[hint]
    plane = get_origin(hint) is Annotated
    array = get_args(hint)[0] if plane else hint
    scalar = get_args(get_args(array)[1])[0]
    return types.Array(numba.from_dtype(np.dtype(scalar)), 2 if plane else 1, "C")
