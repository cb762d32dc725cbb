"""Customer ids in paths: URL-decoded text, in which a slash may be written as it is or as %2F.

`/v1/customers/a/b` and `/v1/customers/a%2Fb` name the customer `a/b`. An unencoded `/why` at the end
asks why, and so on, so the customer `a/why` is written `a%2Fwhy`.
"""

from typing import Final, cast
from urllib.parse import unquote_to_bytes

from litestar.enums import ScopeType
from litestar.exceptions import NotFoundException, ValidationException
from litestar.types import ASGIApp, HTTPScope, Receive, Scope, Send

_CUSTOMERS: Final = b"/v1/customers/"
_ENDINGS: Final = (b"/why", b"/touchpoints", b"/scores")


class CustomerAddresses:
    """Hand an id on as one path segment, still encoded, so that routing never sees its slashes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Rewrite the path of a customer's address; leave every other path alone."""
        if scope["type"] == ScopeType.HTTP:
            written = scope["raw_path"].partition(b"?")[0]
            if written.startswith(_CUSTOMERS):
                scope = cast("HTTPScope", {**scope, "path": _one_segment(written).decode("latin-1")})
        await self._app(scope, receive, send)


def read_customer_id(segment: str) -> str:
    """Read an id from its path segment.

    Raises:
        NotFoundException: There is no id.
        ValidationException: The bytes are not UTF-8.
    """
    if not segment:
        raise NotFoundException("there is no customer without an id")
    try:
        return unquote_to_bytes(segment).decode()
    except UnicodeDecodeError as error:
        raise ValidationException("the customer id in the path is not percent-encoded UTF-8") from error


def _one_segment(written: bytes) -> bytes:
    customer_id = written.removeprefix(_CUSTOMERS)
    ending = b""
    for each in _ENDINGS:
        if customer_id.endswith(each) and customer_id != each:
            customer_id, ending = customer_id.removesuffix(each), each
            break
    return _CUSTOMERS + customer_id.replace(b"/", b"%2F") + ending
