"""The OpenAPI document: what the framework finds out by itself, and what is said once here for every route.

Types come from the schemas, as they are in `schemas/json`; problems, tags and operation ids from here.
"""

import inspect
from collections.abc import Iterator
from typing import Any, Final

import msgspec
from litestar import Request
from litestar.openapi.plugins import JsonRenderPlugin

from schemas.json_schema import PUBLIC
from streams.dashboard import access, problems
from streams.dashboard.parameters import PLACE
from streams.dashboard.session import COOKIE
from streams.exposition import CONTENT_TYPE

Document = dict[str, Any]

_PREFIX: Final = "#/components/schemas/"
# The id and the tag of each operation; programs are generated from the ids, so they stay.
OPERATIONS: Final = {
    "POST /v1/touchpoints": ("postTouchpoints", "touchpoints"),
    "GET /v1/customers": ("listCustomers", "customers"),
    "GET /v1/customers/{customer_id}": ("getCustomer", "customers"),
    "GET /v1/customers/{customer_id}/why": ("getWhy", "customers"),
    "GET /v1/customers/{customer_id}/touchpoints": ("listTouchpoints", "customers"),
    "GET /v1/customers/{customer_id}/scores": ("listScores", "customers"),
    "GET /v1/transitions": ("listTransitions", "outputs"),
    "GET /v1/alerts": ("listAlerts", "outputs"),
    "GET /v1/alerts/{alert_id}": ("getAlert", "outputs"),
    "POST /v1/alerts/{alert_id}/acknowledgement": ("acknowledgeAlert", "outputs"),
    "DELETE /v1/alerts/{alert_id}/acknowledgement": ("unacknowledgeAlert", "outputs"),
    "GET /v1/events": ("streamEvents", "outputs"),
    "GET /v1/kpis": ("getKpis", "figures"),
    "GET /v1/kpis/history": ("getKpiHistory", "figures"),
    "GET /v1/frameworks/{name}/flows": ("getFlows", "figures"),
    "GET /v1/model": ("getModel", "figures"),
    "GET /v1/status": ("getStatus", "service"),
    "GET /v1/session": ("getSession", "service"),
    "POST /v1/session": ("signIn", "service"),
    "DELETE /v1/session": ("signOut", "service"),
    "GET /healthz": ("getHealth", "service"),
    "GET /readyz": ("getReadiness", "service"),
    "GET /metrics": ("getMetrics", "service"),
}
TAGS: Final = {
    "customers": "One customer or many: scores, stages, why, and what they did.",
    "outputs": "Transitions and alerts, listed and as they happen.",
    "figures": "Figures about everybody, and the model that they come from.",
    "touchpoints": "What comes in.",
    "service": "How the service is, and who asks.",
}
PARAMETERS: Final = {
    "customer_id": "The customer's id, percent-encoded; a slash as %2F.",
    "alert_id": "The id that the alert was raised with.",
    "name": "The framework's name, as the model has it.",
}
# Answers and a body that no signature tells of: their media types, and what is in them.
ANSWERS: Final = {
    "POST /v1/session": {"application/json": {"$ref": _PREFIX + "Session"}},
    "GET /v1/events": {"text/event-stream": {"type": "string"}},
    "GET /metrics": {CONTENT_TYPE: {"type": "string"}},
}
_TOUCHPOINT: Final = {"$ref": _PREFIX + "Touchpoint"}
BODIES: Final = {
    "POST /v1/touchpoints": {
        "application/json": {"oneOf": [_TOUCHPOINT, {"type": "array", "items": _TOUCHPOINT}]},
        "application/x-ndjson": {"type": "string", "description": "A touchpoint a line."},
    },
}
HEADERS: Final = {
    "GET /v1/events": {
        "name": "Last-Event-ID",
        "description": "The id of the last event that was heard: the stream goes on behind it.",
        "schema": {"type": "string", "pattern": PLACE},
    },
    "POST /v1/touchpoints": {
        "name": "Content-Encoding",
        "description": "How the body is packed; without it, not at all.",
        "schema": {"type": "string", "enum": ["identity", "gzip"]},
    },
}
PROBLEMS: Final = {
    400: "A parameter, the body or the Host header is not right.",
    401: "No valid access token was sent.",
    403: "The token's scope, or the page that asks, is not enough for this.",
    404: "There is no such thing, or it is older than what is kept.",
    413: "The body is too large.",
    415: "The body's media type or encoding cannot be read.",
    421: "The server is not known by the name in the Host header.",
    429: "Too many requests; Retry-After says when to come again.",
    500: "A defect in Rapport; its log has the details.",
    503: "It cannot be answered at the moment; Retry-After says when to come again.",
}


class DocumentPlugin(JsonRenderPlugin):
    """Answers with the completed document."""

    def __init__(self, *, guarded: bool) -> None:
        super().__init__(path="/")
        self._guarded = guarded
        self._written = b""

    def has_path(self, path: str) -> bool:
        """Answer for every path, so that the framework adds no document of its own."""
        return True

    def render(self, request: Request[Any, Any, Any], openapi_schema: Document) -> bytes:
        """Write the document; it stays the same as long as the process lives."""
        if not self._written:
            self._written = msgspec.json.encode(completed(openapi_schema, guarded=self._guarded))
        return self._written


def completed(found: Document, *, guarded: bool) -> Document:
    """Return the document that the framework made, with what it cannot know."""
    paths = {
        path: {method: _operation(method, path, each, guarded=guarded) for method, each in item.items()}
        for path, item in found["paths"].items()
    }
    components = {
        "schemas": _schemas(paths),
        "securitySchemes": {
            "token": {"type": "http", "scheme": "bearer"},
            "cookie": {"type": "apiKey", "in": "cookie", "name": COOKIE},
        },
    }
    tags = [{"name": name, "description": text} for name, text in TAGS.items()]
    return {**found, "tags": tags, "paths": paths, "components": components}


def _operation(method: str, path: str, found: Document, *, guarded: bool) -> Document:
    route = f"{method.upper()} {path}"
    name, tag = OPERATIONS[route]
    text = inspect.cleandoc(found.get("description", ""))
    good = {status: dict(each) for status, each in found["responses"].items() if status < "400"}
    for status, each in good.items():
        each["description"] = "As asked."
        if status == "204":
            del each["content"]
        elif route in ANSWERS:
            each["content"] = _content(ANSWERS[route])
    operation = {
        **found,
        "operationId": name,
        "tags": [tag],
        "summary": text.partition("\n")[0].rstrip("."),
        "description": text,
        "responses": good | {str(status): _problem(status) for status in _statuses(method, path)},
    }
    headers = [{"in": "header", **HEADERS[route]}] if route in HEADERS else []
    operation["parameters"] = [*map(_parameter, found.get("parameters", [])), *headers]
    if route in BODIES:
        operation["requestBody"] = {"required": True, "content": _content(BODIES[route])}
    if guarded and access.demand(method.upper(), path).enough:
        operation["security"] = [{"token": []}, {"cookie": []}]
    return operation


def _statuses(method: str, path: str) -> list[int]:
    """Return what may go wrong with a request."""
    demand = access.demand(method.upper(), path)
    statuses = {400, 421, 500}
    if demand.enough or access.changes(method.upper()):
        statuses |= {401, 403}
    if demand.metered:
        statuses.add(429)
    if "{" in path:
        statuses.add(404)
    if path == "/readyz" or (path.startswith("/v1/") and path != access.SESSION_PATH):
        statuses.add(503)
    if method == "post" and path != access.SESSION_PATH:
        statuses |= {413, 415} if path == access.INGEST_PATH else {413}
    return sorted(statuses)


def _content(by_media_type: Document) -> Document:
    return {media_type: {"schema": schema} for media_type, schema in by_media_type.items()}


def _problem(status: int) -> Document:
    content = _content({problems.MEDIA_TYPE: {"$ref": _PREFIX + "Problem"}})
    headers = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}}
    described = {"description": PROBLEMS[status], "content": content}
    return described | {"headers": headers} if status in {429, 503} else described


def _parameter(found: Document) -> Document:
    """Return a parameter of which null is no value: in an address there is none."""
    schema = dict(found["schema"])
    text = schema.pop("description", found.get("description")) or PARAMETERS.get(found["name"])
    for each in schema.pop("oneOf", []):
        if each != {"type": "null"}:
            schema |= each
    if "enum" in schema:
        schema |= {"type": "string", "enum": [each for each in schema["enum"] if each is not None]}
    if found["in"] == "path":
        schema["minLength"] = 1
    return {**found, "schema": schema} | ({"description": text} if text else {})


def _schemas(paths: Document) -> Document:
    """Return the schemas of all types that the paths name, and of those that these are made of."""
    _, definitions = msgspec.json.schema_components(PUBLIC, ref_template=_PREFIX + "{name}")
    needed: dict[str, Any] = {}
    waiting = list(_references(paths))
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed[name] = definitions[name]
            needed[name]["description"] = inspect.cleandoc(definitions[name].get("description", ""))
            waiting += _references(definitions[name])
    return dict(sorted(needed.items()))


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        for key, value in part.items():
            if key == "$ref":
                yield value.removeprefix(_PREFIX)
            else:
                yield from _references(value)
    elif isinstance(part, list):
        for each in part:
            yield from _references(each)
