"""What a server is told: where it listens, what it serves, who may ask, and where patience ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from core3d_search.errors import InputError
from core3d_search.listening import http_address, is_loopback

LEAST_TOKEN = 16
"""Characters of a token that cannot be guessed by trying."""


@dataclass(frozen=True)
class Limits:
    """Where a request ends that asks too much."""

    body_bytes: int = 10 << 20
    """Bytes of a request's body: a photo of a phone has some five million."""
    image_pixels: int = 50_000_000
    """Pixels of an uploaded image, before it is unpacked."""
    header_seconds: float = 10.0
    """Seconds until the head of a request must be there, counted from the connection or the request before."""
    body_seconds: float = 30.0
    """Seconds until its body must be there."""
    send_seconds: float = 30.0
    """Seconds for which a client may leave a piece of the answer unread."""
    work_seconds: float = 30.0
    """Seconds after which an answer is given up."""
    threads: int = 4
    """Requests that are worked on at once: more would only wait for each other's Python."""
    waiting: int = 256
    """Requests that may wait for a thread."""
    connections: int = 1024
    """Connections at once."""
    jobs_waiting: int = 16
    """Indexing jobs that may wait; one runs at a time."""


@dataclass(frozen=True)
class ServerSettings:
    """What `core3d serve` was told. `roots` are the folders that POST /v1/index may read, none by default.

    `token` may read and write, `read_token` only read. Without tokens everybody who can connect may do both, so that
    only a loopback address is served without one.
    """

    database: str | None = None
    host: str = "127.0.0.1"
    port: int = 8333
    roots: tuple[Path, ...] = ()
    token: str | None = None
    read_token: str | None = None
    limits: Limits = field(default_factory=Limits)

    def checked(self) -> ServerSettings:
        """Return these settings, the roots absolute; raises InputError for those that would not be safe."""
        if not self.is_local and not self.token and not self.read_token:
            raise InputError(
                f"serving on {self.host} lets other machines in: set CORE3D_TOKEN (reads and writes) or "
                "CORE3D_READ_TOKEN (reads only) to a secret that they must send, or leave --host out"
            )
        for name, token in (("CORE3D_TOKEN", self.token), ("CORE3D_READ_TOKEN", self.read_token)):
            if token and (len(token) < LEAST_TOKEN or not token.isascii() or not token.isprintable() or " " in token):
                raise InputError(
                    f"{name} must have at least {LEAST_TOKEN} printable ASCII characters, no spaces; make one with: "
                    'python -c "import secrets; print(secrets.token_urlsafe())"'
                )
        if self.token and self.token == self.read_token:
            raise InputError("CORE3D_TOKEN and CORE3D_READ_TOKEN must differ: the second may only read")
        for root in self.roots:
            if not root.expanduser().is_dir():
                raise InputError(f"--root {root} is not a folder")
        roots = tuple(root.expanduser().resolve() for root in self.roots)
        return ServerSettings(
            self.database, self.host, self.port, roots, self.token or None, self.read_token or None, self.limits
        )

    @property
    def is_local(self) -> bool:
        """Whether only this machine can connect."""
        return is_loopback(self.host)

    @property
    def address(self) -> str:
        """The address of the page."""
        return http_address(self.host, self.port)
