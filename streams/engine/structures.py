"""How a bundle of arrays is handed to compiled functions: as one pointer, not as hundreds of words.

A structure is a frozen dataclass of arrays (and at most one record). Compiled code gets the address of its
table of (data, first length, second length); a field is read through it. The Python object keeps the
arrays alive for as long as a call lasts.
"""

from dataclasses import fields
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.imputils import lower_getattr_generic
from numba.core.typing.templates import AttributeTemplate
from numba.extending import NativeValue, infer_getattr, models, register_model, typeof_impl, unbox
from numba.np.arrayobj import populate_array
from numpy.typing import NDArray

WORDS = 3  # address of the data, first and second length


class StructureType(types.Type):  # type: ignore[misc]  # numba is read without types
    """The numba type of a structure: its name and the types of its fields."""

    def __init__(self, name: str, members: tuple[tuple[str, "types.Type"], ...]) -> None:
        self.members = members
        self.places = {member: place for place, (member, _) in enumerate(members)}
        super().__init__(name=name)


@register_model(StructureType)
class _StructureModel(models.OpaqueModel):  # type: ignore[misc]  # numba is read without types
    """A structure is a pointer."""


@infer_getattr
class _StructureFields(AttributeTemplate):  # type: ignore[misc]  # numba is read without types
    key = StructureType

    def generic_resolve(self, kind: StructureType, attribute: str) -> "types.Type | None":
        """Return the type of a field."""
        return dict(kind.members).get(attribute)


@lower_getattr_generic(StructureType)
def _read_field(context: Any, builder: Any, kind: StructureType, pointer: Any, attribute: str) -> Any:
    """Read a field: an array that nobody counts references of, or a record."""
    place = kind.places[attribute]
    member = kind.members[place][1]
    word = ir.IntType(64)
    table = builder.bitcast(pointer, word.as_pointer())

    def cell(k: int) -> Any:
        loaded = builder.load(builder.gep(table, [ir.Constant(ir.IntType(32), place * WORDS + k)]))
        loaded.set_metadata("invariant.load", builder.module.add_metadata([]))
        return loaded

    if isinstance(member, types.Record):
        return builder.inttoptr(cell(0), context.get_value_type(member))
    array = context.make_array(member)(context, builder)
    size = context.get_abi_sizeof(context.get_data_type(member.dtype))
    item = ir.Constant(word, size)
    shape = [cell(1 + axis) for axis in range(member.ndim)]
    strides = [item] if member.ndim == 1 else [builder.mul(shape[1], item), item]
    populate_array(
        array,
        data=builder.inttoptr(cell(0), array.data.type),
        shape=cgutils.pack_array(builder, shape),
        strides=cgutils.pack_array(builder, strides),
        itemsize=item,
        meminfo=None,
    )
    return array._getvalue()  # numba's own way to make an array


@unbox(StructureType)
def _unbox(kind: StructureType, structure: Any, context: Any) -> NativeValue:
    """Take the address of a structure's table."""
    address = context.pyapi.object_getattr_string(structure, "address")
    pointer = context.pyapi.long_as_voidptr(address)
    context.pyapi.decref(address)
    return NativeValue(pointer)


def structure_type(example: Any) -> StructureType:
    """Return the type of a structure like `example`, and let numba know it."""
    members = tuple((field.name, numba.typeof(getattr(example, field.name))) for field in fields(example))
    kind = StructureType(type(example).__name__, members)
    typeof_impl.register(type(example))(lambda _value, _context: kind)
    return kind


def table_of(structure: Any) -> NDArray[np.int64]:
    """Return a structure's table of (data, first length, second length)."""
    rows = []
    for field in fields(structure):
        value = getattr(structure, field.name)
        if isinstance(value, np.ndarray):
            rows.append((value.ctypes.data, value.shape[0], value.shape[1] if value.ndim == 2 else 1))
        else:
            rows.append((getattr(value, "__array_interface__", {"data": (0,)})["data"][0], 1, 1))
    return np.array(rows, np.int64)
