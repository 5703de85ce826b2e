"""Where Open3D cannot be loaded, the message says what to install."""

from __future__ import annotations

import builtins
from typing import Any

import pytest

from core3d_search.errors import MissingDependencyError
from core3d_search.open3d import load_open3d


def refuse(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    real = builtins.__import__

    def importing(name: str, *rest: Any) -> Any:
        if name.split(".")[0] == "open3d":
            raise error
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", importing)


def test_a_missing_system_library_comes_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(monkeypatch, OSError("libusb-1.0.so.0: cannot open shared object file: No such file or directory"))
    with pytest.raises(MissingDependencyError) as refused:
        load_open3d("estimating poses")
    text = str(refused.value)
    assert text.startswith("estimating poses needs Open3D, which does not load (libusb-1.0.so.0")
    assert text.endswith("apt-get install libegl1 libgl1 libx11-6 libusb-1.0-0")


def test_a_missing_package_comes_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    refuse(monkeypatch, ModuleNotFoundError("No module named 'open3d'", name="open3d"))
    with pytest.raises(MissingDependencyError, match="pip install open3d"):
        load_open3d("estimating poses")
