"""Errors as RFC 9457 problem documents: a title, a status, and a detail that says what to do."""

from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException

from schemas.http import Problem
from streams.dashboard.service import NotReadyError

MEDIA_TYPE = "application/problem+json"


def describe(status: int, detail: str) -> Problem:
    """Put a problem into words; the title is the status's own phrase."""
    return Problem(title=HTTPStatus(status).phrase, status=status, detail=detail)


def encode(status: int, detail: str) -> bytes:
    """Write a problem as the body of a response."""
    return msgspec.json.encode(describe(status, detail))


def respond(status: int, detail: str, *, headers: dict[str, str] | None = None) -> Response[bytes]:
    """Answer a request with a problem."""
    return Response(encode(status, detail), status_code=status, media_type=MEDIA_TYPE, headers=headers)


def answer_http_error(_: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    """Turn what the framework refuses (no such route, a bad parameter) into a problem."""
    detail = error.detail or HTTPStatus(error.status_code).phrase
    if isinstance(error.extra, list):
        wrong = (f"{each.get('key')}: {each.get('message')}" for each in error.extra)
        detail = "; ".join(wrong) or detail
    return respond(error.status_code, detail, headers=error.headers)


def answer_too_deep(_: Request[Any, Any, Any], __: RecursionError) -> Response[bytes]:
    """Refuse a body that nests beyond what can be read: nothing of ours recurses but the reader of JSON."""
    return respond(400, "the body nests too deeply to be read")


def answer_not_ready(_: Request[Any, Any, Any], error: NotReadyError) -> Response[bytes]:
    """Ask the caller to come back."""
    return respond(503, str(error), headers={"Retry-After": "1"})
