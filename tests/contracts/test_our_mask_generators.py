"""The mask generator that needs no weights from elsewhere keeps the contract; the others do beside their own tests."""

from __future__ import annotations

import pytest

from core3d_search import plugins
from core3d_search.testing import MaskGeneratorContract


class TestBuiltInGenerator(MaskGeneratorContract):
    @pytest.fixture
    def generator(self):
        return plugins.load("core3d.masks", "built-in")()
