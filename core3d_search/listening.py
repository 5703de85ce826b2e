"""Where this machine listens: whether only it can connect, and whether a port is free."""

from __future__ import annotations

import ipaddress
import socket

from core3d_search.errors import InputError

BACKLOG = 2048
"""Connections that may wait to be accepted, from before the first word that the server is there."""


def is_loopback(host: str) -> bool:
    """Whether only this machine can connect to `host`, a name or an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens there, on any free port for 0; raises InputError where that cannot be."""
    try:
        family, kind, proto, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, proto)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(BACKLOG)
    except (OSError, OverflowError) as error:
        raise InputError(
            f"cannot listen on {host}, port {port}: {error}; choose others with --host and --port"
        ) from error
    return listening


def http_address(host: str, port: int) -> str:
    """Return the address of what listens there, for a browser."""
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
