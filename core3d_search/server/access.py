"""Who may ask: tokens with scopes, compared in constant time, and pages of other sites kept out."""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Annotated, Literal

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from core3d_search.server.problems import ProblemError
from core3d_search.server.settings import ServerSettings

Scope = Literal["read", "write"]

bearer = HTTPBearer(
    auto_error=False,
    scheme_name="token",
    description="CORE3D_TOKEN (reads and writes) or CORE3D_READ_TOKEN (reads). Not needed where neither is set.",
)
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")


class Access:
    """The tokens of a server, and what each may do."""

    def __init__(self, settings: ServerSettings) -> None:
        self._scopes: list[tuple[bytes, frozenset[Scope]]] = []
        if settings.token:
            self._scopes.append((settings.token.encode(), frozenset({"read", "write"})))
        if settings.read_token:
            self._scopes.append((settings.read_token.encode(), frozenset({"read"})))

    def scopes(self, token: str | None) -> frozenset[Scope]:
        """Return what the bearer of `token` may do. Every token is compared, each in a time that tells nothing."""
        if not self._scopes:
            return frozenset({"read", "write"})
        given = (token or "").encode("utf-8", "replace")
        allowed: frozenset[Scope] = frozenset()
        for known, scopes in self._scopes:
            if hmac.compare_digest(given, known):
                allowed |= scopes
        return allowed


def needs(scope: Scope) -> Callable[..., None]:
    """Return the dependency that lets through who may `scope`."""

    def check(request: Request, credentials: Annotated[HTTPAuthorizationCredentials | None, Security(bearer)]) -> None:
        allowed = request.app.state.access.scopes(None if credentials is None else credentials.credentials)
        if not allowed:
            said = "send it as Authorization: Bearer TOKEN"
            what = "the token is not one of this server's" if credentials else "this server asks for a token"
            raise ProblemError(401, f"{what}; {said}", {"WWW-Authenticate": 'Bearer realm="core3d"'})
        if scope not in allowed:
            raise ProblemError(403, "this token may read, but not change anything")

    return check


READS = [Depends(needs("read"))]
WRITES = [Depends(needs("write"))]


def allowed_host(host: str, settings: ServerSettings) -> bool:
    """Whether a request may name the server so.

    Without tokens a page of another site could reach a local server under a name of its own that it lets point here
    (DNS rebinding); so there the name must be one of this machine.
    """
    if settings.token or settings.read_token:
        return True
    name = host.lower().rsplit(":", 1)[0] if not host.endswith("]") else host.lower()
    return name in (*LOOPBACK, settings.host, f"[{settings.host}]")


def from_elsewhere(method: str, origin: str | None, site: str | None, host: str) -> bool:
    """Whether a browser sends this for a page of another site: never let change anything, nor make work."""
    if method in ("GET", "HEAD", "OPTIONS"):
        return False
    if site is not None:
        return site not in ("same-origin", "none")
    return origin is not None and origin.partition("://")[2].lower() != host.lower()
