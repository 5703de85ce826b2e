"""Semantic-SAM in pure PyTorch: class-agnostic masks at six granularities from clicks.

Self-contained on top of `click_grid`: nothing here but `adapter` imports from the rest of the project. In short:

    model = SemanticSam.from_file(Path("swint_only_sam_many2many.pth"))
    records = SemanticSamGenerator(model, levels=(3,)).generate(rgb)
    records = segment_at(model, model.encode(rgb), x=0.5, y=0.5)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..click_grid.candidates import MaskRecord
    from .checkpoint import CheckpointError, read_checkpoint
    from .click import segment_at
    from .generator import SemanticSamGenerator
    from .model import Features, SemanticSam, convert_checkpoint

MODULE_OF = {
    "CheckpointError": ".checkpoint",
    "Features": ".model",
    "MaskRecord": "..click_grid.candidates",
    "SemanticSam": ".model",
    "SemanticSamGenerator": ".generator",
    "convert_checkpoint": ".model",
    "read_checkpoint": ".checkpoint",
    "segment_at": ".click",
}
__all__ = [
    "CheckpointError",
    "Features",
    "MaskRecord",
    "SemanticSam",
    "SemanticSamGenerator",
    "convert_checkpoint",
    "read_checkpoint",
    "segment_at",
]


def __getattr__(name: str) -> Any:
    """Import the module of a public name on first use: torch takes seconds to load."""
    if name not in MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(MODULE_OF[name], __name__), name)
