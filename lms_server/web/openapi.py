"""The API described for machines (OpenAPI 3.1), from the structs that read and write it."""

from typing import Any

import msgspec

from lms_server.contract import wire
from lms_server.web import api, blobs

_STRUCTS = (api.SignIn, api.Register, api.SignedIn, api.ServerFacts, wire.SyncRequest, wire.SyncAnswer, blobs.Fetch)
_ROOT = "#/components/schemas/"


class ProblemDocument(msgspec.Struct, frozen=True):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    code: str
    server_id: str


def describe() -> dict[str, Any]:
    """The whole description."""
    _, components = msgspec.json.schema_components([*_STRUCTS, ProblemDocument], ref_template=_ROOT + "{name}")
    return {
        "openapi": "3.1.0",
        "info": {"title": "LMS server", "version": str(wire.VERSION), "description": "What lms-desktop speaks."},
        "servers": [{"url": "/api/v1"}],
        "paths": _paths(),
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _paths() -> dict[str, Any]:
    return {
        "/server": {"get": _operation("Who this server is", 200, api.ServerFacts)},
        "/users": {"post": _operation("Make an account", 201, api.SignedIn, api.Register)},
        "/sessions": {"post": _operation("Sign in", 201, api.SignedIn, api.SignIn)},
        "/sessions/current": {"delete": _operation("Sign out", 204) | _SIGNED_IN},
        "/sync": {"post": _operation("Commands up, outcomes and changes down", 200, wire.SyncAnswer, wire.SyncRequest)},
        "/blobs/{sha256}": {"get": _bytes("A lesson's text, picture or file", "*/*"), "parameters": [_path("sha256")]},
        "/blobs/fetch": {"post": _bytes("Many blobs as one tar stream", "application/x-tar") | _takes(blobs.Fetch)},
        "/certificates/{uuid}": {"get": _operation("The signed facts", 200), "parameters": [_path("uuid")]},
        "/certificates/{uuid}/pdf": {
            "get": _bytes("The certificate's PDF", "application/pdf") | _SIGNED_IN,
            "parameters": [_path("uuid")],
        },
        "/healthz": {"get": _bytes("The process runs", "text/plain")},
        "/readyz": {"get": _bytes("The database answers", "text/plain")},
        "/metrics": {"get": _bytes("Figures for Prometheus; loopback or admin", "text/plain")},
    }


def _operation(summary: str, status: int, answer: type | None = None, takes: type | None = None) -> dict[str, Any]:
    fine: dict[str, Any] = {"description": summary}
    if answer is not None:
        fine["content"] = _json(answer)
    problem = {"description": "A problem", "content": {"application/problem+json": _schema(ProblemDocument)}}
    operation = {"summary": summary, "responses": {str(status): fine, "default": problem}}
    return operation | (_takes(takes) if takes else {})


def _bytes(summary: str, media_type: str) -> dict[str, Any]:
    operation = _operation(summary, 200)
    operation["responses"]["200"]["content"] = {media_type: {}}
    return operation


def _takes(kind: type) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": _json(kind)}}


def _json(kind: type) -> dict[str, Any]:
    return {"application/json": _schema(kind)}


def _schema(kind: type) -> dict[str, Any]:
    return {"schema": {"$ref": _ROOT + kind.__name__}}


def _path(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


_SIGNED_IN: dict[str, Any] = {"security": [{"token": []}]}
