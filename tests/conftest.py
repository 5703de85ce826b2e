"""Fixtures that every part uses."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of development data beside the checkout; tests that need it are skipped where it is missing."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not folder.is_dir():
        pytest.skip(f"development data is not at {folder}")
    return folder
