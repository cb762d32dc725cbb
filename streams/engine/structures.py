"""How a bundle of arrays is handed to compiled functions: as one pointer, not as hundreds of words.

A structure is a frozen dataclass of arrays (and at most one record). Compiled code gets the address of its
table of (data, first length, second length); a field is read through it. The Python object keeps the
arrays alive for as long as a call lasts.

Compiled code can also be told what numba's own arrays keep from it: that no index is negative, that the
arrays of one structure do not overlap, and which of them nobody writes to. So it reads a number once and
keeps it, instead of after each write again.
"""

import operator
from dataclasses import fields
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.imputils import impl_ret_untracked, lower_builtin, lower_getattr, lower_getattr_generic
from numba.core.typing.templates import AbstractTemplate, AttributeTemplate, infer_global, signature
from numba.extending import NativeValue, infer_getattr, models, register_model, typeof_impl, unbox
from numba.np.arrayobj import populate_array
from numpy.typing import NDArray

WORDS = 3  # address of the data, first and second length
WORD = ir.IntType(64)


class CellsType(types.Type):  # type: ignore[misc]  # numba is read without types
    """The numba type of an array of a structure, read and written cell by cell."""

    def __init__(self, owner: str, field: str, array: "types.Array", *, constant: bool) -> None:
        self.field = f"{owner}.{field}"
        self.dtype = array.dtype
        self.ndim = array.ndim
        self.constant = constant
        super().__init__(name=f"cells({self.field}: {array.dtype} {array.ndim} {constant})")


@register_model(CellsType)
class _CellsModel(models.StructModel):  # type: ignore[misc]  # numba is read without types
    """Where the cells begin, and how many there are each way."""

    def __init__(self, manager: Any, kind: CellsType) -> None:
        members = [("data", types.CPointer(kind.dtype)), ("shape", types.UniTuple(types.intp, kind.ndim))]
        super().__init__(manager, kind, members)


class RecordType(types.Type):  # type: ignore[misc]  # numba is read without types
    """The numba type of a record of whole numbers that nobody writes to."""

    def __init__(self, owner: str, record: "types.Record") -> None:
        self.record = record
        super().__init__(name=f"record({owner}: {record.dtype})")


@register_model(RecordType)
class _RecordModel(models.OpaqueModel):  # type: ignore[misc]  # numba is read without types
    """A record is a pointer."""


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


@infer_getattr
class _RecordFields(AttributeTemplate):  # type: ignore[misc]  # numba is read without types
    key = RecordType

    def generic_resolve(self, kind: RecordType, attribute: str) -> "types.Type | None":
        """Return the type of a field."""
        return kind.record.typeof(attribute) if attribute in kind.record.fields else None


@infer_getattr
class _CellsFields(AttributeTemplate):  # type: ignore[misc]  # numba is read without types
    key = CellsType

    def resolve_shape(self, kind: CellsType) -> "types.Type":
        """Return the type of `shape`."""
        return types.UniTuple(types.intp, kind.ndim)


@infer_global(operator.getitem)
class _ReadCell(AbstractTemplate):  # type: ignore[misc]  # numba is read without types
    def generic(self, arguments: Any, _keywords: Any) -> Any:
        """Return the signature of reading a cell."""
        if isinstance(arguments[0], CellsType):
            return signature(arguments[0].dtype, *arguments)
        return None


@infer_global(operator.setitem)
class _WriteCell(AbstractTemplate):  # type: ignore[misc]  # numba is read without types
    def generic(self, arguments: Any, _keywords: Any) -> Any:
        """Return the signature of writing a cell."""
        cells, index, _ = arguments
        if isinstance(cells, CellsType) and not cells.constant:
            return signature(types.none, cells, index, cells.dtype)
        return None


@lower_getattr_generic(StructureType)
def _read_field(context: Any, builder: Any, kind: StructureType, pointer: Any, attribute: str) -> Any:
    """Read a field: an array that nobody counts references of, or a record."""
    place = kind.places[attribute]
    member = kind.members[place][1]
    table = builder.bitcast(pointer, WORD.as_pointer())

    def cell(k: int) -> Any:
        loaded = builder.load(builder.gep(table, [ir.Constant(ir.IntType(32), place * WORDS + k)]))
        return _constant(builder, loaded)

    if isinstance(member, RecordType):
        return builder.inttoptr(cell(0), context.get_value_type(member))
    shape = [cell(1 + axis) for axis in range(member.ndim)]
    if isinstance(member, CellsType):
        cells = cgutils.create_struct_proxy(member)(context, builder)
        cells.data = builder.inttoptr(cell(0), cells.data.type)
        cells.shape = cgutils.pack_array(builder, shape)
        return cells._getvalue()  # numba's own way to make a value
    array = context.make_array(member)(context, builder)
    item = ir.Constant(WORD, context.get_abi_sizeof(context.get_data_type(member.dtype)))
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


@lower_getattr_generic(RecordType)
def _read_number(context: Any, builder: Any, kind: RecordType, pointer: Any, attribute: str) -> Any:
    """Read a number of a record."""
    kept = context.get_value_type(kind.record.typeof(attribute))
    place = builder.gep(
        builder.bitcast(pointer, ir.IntType(8).as_pointer()),
        [ir.Constant(WORD, kind.record.offset(attribute))],
    )
    return _constant(builder, builder.load(builder.bitcast(place, kept.as_pointer())))


@lower_getattr(CellsType, "shape")
def _read_shape(context: Any, builder: Any, kind: CellsType, value: Any) -> Any:
    """Read how many cells there are each way."""
    cells = cgutils.create_struct_proxy(kind)(context, builder, value)
    return impl_ret_untracked(context, builder, types.UniTuple(types.intp, kind.ndim), cells.shape)


@lower_builtin(operator.getitem, CellsType, types.Any)
def _read_cell(context: Any, builder: Any, called: Any, arguments: Any) -> Any:
    """Read a cell."""
    kind, index = called.args
    place = _place(context, builder, kind, arguments[0], index, arguments[1])
    loaded = builder.load(place)
    if kind.constant:
        _constant(builder, loaded)
    else:
        _apart(builder, loaded, kind)
    return impl_ret_untracked(context, builder, kind.dtype, loaded)


@lower_builtin(operator.setitem, CellsType, types.Any, types.Any)
def _write_cell(context: Any, builder: Any, called: Any, arguments: Any) -> Any:
    """Write a cell."""
    kind, index, _ = called.args
    place = _place(context, builder, kind, arguments[0], index, arguments[1])
    _apart(builder, builder.store(arguments[2], place), kind)
    return context.get_dummy_value()


def _place(context: Any, builder: Any, kind: CellsType, value: Any, index: Any, at: Any) -> Any:
    """Return where a cell is; indices are taken to be within the array."""
    cells = cgutils.create_struct_proxy(kind)(context, builder, value)
    if isinstance(index, types.BaseTuple):
        numbers = zip(cgutils.unpack_tuple(builder, at), index.types, strict=True)
        first, second = (context.cast(builder, number, of, types.intp) for number, of in numbers)
        width = builder.extract_value(cells.shape, 1)
        offset = builder.add(builder.mul(first, width, flags=["nsw"]), second, flags=["nsw"])
    else:
        offset = context.cast(builder, at, index, types.intp)
    return builder.gep(cells.data, [offset], inbounds=True)


def _constant(builder: Any, loaded: Any) -> Any:
    """Say that what was loaded stays as it is for as long as compiled code runs."""
    loaded.set_metadata("invariant.load", builder.module.add_metadata([]))
    return loaded


def _apart(builder: Any, access: Any, kind: CellsType) -> None:
    """Say that an access touches no other array of the structure."""
    module, start = builder.module, ir.Constant(WORD, 0)
    node = module.add_metadata([kind.field, module.add_metadata(["rapport"]), start])
    access.set_metadata("tbaa", module.add_metadata([node, node, start]))


@unbox(StructureType)
def _unbox(kind: StructureType, structure: Any, context: Any) -> NativeValue:
    """Take the address of a structure's table."""
    address = context.pyapi.object_getattr_string(structure, "address")
    pointer = context.pyapi.long_as_voidptr(address)
    context.pyapi.decref(address)
    return NativeValue(pointer)


def structure_type(example: Any, constant: frozenset[str]) -> StructureType:
    """Return the type of a structure like `example`, and let numba know it.

    Where fields are named that nobody writes to, all its arrays are cells.
    """
    owner = type(example).__name__

    def member(name: str, value: Any) -> "types.Type":
        kind = numba.typeof(value)
        if isinstance(kind, types.Record):
            return RecordType(owner, kind)
        return CellsType(owner, name, kind, constant=name in constant) if constant else kind

    members = tuple(
        (field.name, member(field.name, getattr(example, field.name))) for field in fields(example)
    )
    kind = StructureType(owner, members)
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
