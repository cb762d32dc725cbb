"""Parameters of queries: how many, from where, and none that the route does not know."""

from typing import Annotated, Any, Final

from litestar import Request
from litestar.exceptions import ValidationException
from litestar.params import QueryParameter

Limit = Annotated[int, QueryParameter(ge=1, le=1000, description="How many to return at most.")]
Cursor = Annotated[
    str | None,
    # The longest id has 256 characters of four bytes each, which are written as 1,366.
    QueryParameter(max_length=1_400, description="`next` of the page before, as it was."),
]
NumberCursor = Annotated[
    str | None,
    QueryParameter(
        description="`next` of the page before, as it was.", schema_extra={"pattern": "^[0-9]{1,18}$"}
    ),
]

PLACE: Final = "^[0-9]{1,18}-[0-9]{1,18}$"  # the id of an event, as a pattern

_CURSOR_DIGITS: Final = 18
_VALUED: Final = {"min", "max", "severity", "acknowledged"}  # the framework takes `null` for not sent


def number_of(cursor: str | None) -> int | None:
    """Return the number that a cursor stands for, None without one.

    Raises:
        ValidationException: it is none of ours.
    """
    if cursor is None:
        return None
    if not (cursor.isascii() and cursor.isdecimal() and len(cursor) <= _CURSOR_DIGITS):
        raise ValidationException("cursor: send `next` of an earlier page as it was")
    return int(cursor)


def refuse_unknown(request: Request[Any, Any, Any], known: set[str]) -> None:
    """Refuse parameters that the route does not know: a misspelt one would be left out in silence.

    Raises:
        ValidationException: there is one, or one comes twice, or without a value that it needs.
    """
    unknown = sorted(set(request.query_params) - known)
    if unknown:
        raise ValidationException(f"unknown parameter {unknown[0]!r}; there are: {', '.join(sorted(known))}")
    valueless = [name for name in _VALUED & known if request.query_params.get(name, "x") in {"", "null"}]
    if valueless:
        raise ValidationException(f"{sorted(valueless)[0]}: leave it out rather than send it without a value")
    twice = [name for name in known if len(request.query_params.getall(name, [])) > 1]
    if twice:
        raise ValidationException(f"{sorted(twice)[0]}: send it once")
