"""Scenes for other programs: `export_scene(store, scene, format)` gives the bytes of a file in one of `FORMATS`."""

from core3d_search.exports.formats import FORMATS, ExportFormat, export_scene
from core3d_search.exports.surface import Surface

__all__ = ["FORMATS", "ExportFormat", "Surface", "export_scene"]
