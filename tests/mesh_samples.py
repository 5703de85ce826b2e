"""Small models whose every surface is known, written by trimesh and usd-core themselves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import trimesh
from PIL import Image

RED, GREEN, BLUE = (220, 30, 30, 255), (30, 180, 40, 255), (30, 50, 210, 255)


def box(size: tuple[float, float, float], at: tuple[float, float, float], color: tuple[int, ...]) -> trimesh.Trimesh:
    """Return a box of one colour, its centre `at`."""
    made = trimesh.creation.box(size)
    made.apply_translation(at)
    made.visual = trimesh.visual.ColorVisuals(made, face_colors=np.tile(np.uint8(color), (len(made.faces), 1)))
    return made


def textured_quad(folder: Path) -> Path:
    """Write a 1 m square in the plane z = 0 whose texture is red and green above blue and white."""
    pixels = np.array([[RED[:3], GREEN[:3]], [BLUE[:3], (255, 255, 255)]], np.uint8)
    Image.fromarray(np.repeat(np.repeat(pixels, 8, 0), 8, 1)).save(folder / "four.png")
    (folder / "quad.mtl").write_text("newmtl four\nKd 1 1 1\nmap_Kd four.png\n")
    corners = "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 1 1\nvt 0 1\n"
    (folder / "quad.obj").write_text(f"mtllib quad.mtl\n{corners}usemtl four\nf 1/1 2/2 3/3 4/4\n")
    return folder / "quad.obj"
