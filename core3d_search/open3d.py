"""Loads Open3D for the few commands that need it, and says what to install where its system libraries are missing."""

from __future__ import annotations

from typing import Any

from core3d_search.errors import MissingDependencyError

SYSTEM_LIBRARIES = "apt-get install libegl1 libgl1 libx11-6 libusb-1.0-0"
"""What Open3D links against and a bare Debian or Ubuntu lacks."""


def load_open3d(purpose: str) -> Any:
    """Return the module `open3d`; `purpose` ("casting rays here") begins the message where it cannot be loaded.

    Raises MissingDependencyError that names the command which installs what is missing.
    """
    try:
        import open3d
    except ModuleNotFoundError as error:
        remedy = f"pip install {error.name}"
        raise MissingDependencyError(f"{purpose} needs the package {error.name!r}: {remedy}") from error
    except (ImportError, OSError) as error:  # a wheel is there, a library that it links against is not
        remedy = f"on Debian or Ubuntu: {SYSTEM_LIBRARIES}"
        raise MissingDependencyError(f"{purpose} needs Open3D, which does not load ({error}); {remedy}") from error
    return open3d
