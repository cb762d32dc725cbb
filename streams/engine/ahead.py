"""Fetching rows into the processor's cache before they are needed: the table is larger than any cache.

It changes nothing but how long the next rows' touchpoints wait for memory.
"""

from collections.abc import Callable
from typing import Any, Final

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray

from streams.engine.compiled import INTERPRETED, compiled
from streams.engine.ground import Ground

LINE: Final = 64  # bytes that a cache fetches at once
TOUCHPOINTS_AHEAD: Final = 4

# What LLVM's prefetch wants to know.
READ: Final = 0
NEAR: Final = 3
DATA: Final = 1


def _fetch(_typing: Any, array: Any, offset: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        data = cgutils.create_struct_proxy(signature.args[0])(context, builder, arguments[0]).data
        byte, whole = ir.IntType(8).as_pointer(), ir.IntType(32)
        place = builder.gep(builder.bitcast(data, byte), [arguments[1]])
        kind = ir.FunctionType(ir.VoidType(), [byte, whole, whole, whole])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0i8")
        builder.call(function, [place, whole(READ), whole(NEAR), whole(DATA)])
        return context.get_dummy_value()

    return types.void(array, offset), generate


def _nothing(_array: NDArray[Any], _offset: int) -> None:
    """Interpreted there is nothing to win."""


# Ask for the cache line `offset` bytes into an array, and do not wait for it.
fetch: Callable[[NDArray[Any], int], None] = _nothing if INTERPRETED else intrinsic(_fetch)


@compiled
def fetch_row(g: Ground, r: int) -> None:
    """Ask for all of row `r` but its panes."""
    for offset in range(r * g.at.shape[1] * 8, (r + 1) * g.at.shape[1] * 8, LINE):
        fetch(g.at, offset)
    for offset in range(r * g.small.shape[1] * 4, (r + 1) * g.small.shape[1] * 4, LINE):
        fetch(g.small, offset)
    for offset in range(r * g.real.shape[1] * 8, (r + 1) * g.real.shape[1] * 8, LINE):
        fetch(g.real, offset)
    for offset in range(r * g.standing.shape[1] * 8, (r + 1) * g.standing.shape[1] * 8, LINE):
        fetch(g.standing, offset)
    for offset in range(r * g.derived.shape[1] * 8, (r + 1) * g.derived.shape[1] * 8, LINE):
        fetch(g.derived, offset)


@compiled
def fetch_id(g: Ground, key: int) -> None:
    """Ask for the place in the table of ids where a key begins to be looked for."""
    place = key & (g.id_at.shape[0] - 1)
    fetch(g.id_at, place * 8)
    fetch(g.id_key, place * 16)
