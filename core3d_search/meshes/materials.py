"""What trimesh's visuals say about a surface, as materials and tints in sRGB."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from core3d_search.meshes.model import Floats, Material

MAX_TEXTURE_PX = 1024
"""Textures are scaled down to this: no frame shows more of them."""


def material_of(visual: Any, linear: bool) -> Material:
    """Return trimesh's simple or PBR material, or grey for none; `linear`: its factors are linear light."""
    if visual is None:
        return Material()
    if hasattr(visual, "baseColorTexture"):
        return _physical(visual, linear)
    texture = texture_of(visual.image)
    color = _color(visual.diffuse, Material().color if texture is None else np.ones(4, np.float32))
    opacity = _opacity(visual.kwargs) * float(color[3])
    if texture is not None and color[:3].max() < 0.02:
        color = np.ones(4, np.float32)  # exporters leave Kd black beside a texture
    return Material(np.array([*color[:3], opacity], np.float32), texture)


def _physical(visual: Any, linear: bool) -> Material:
    texture = texture_of(visual.baseColorTexture)
    factor = _color(visual.baseColorFactor, np.ones(4, np.float32))
    if linear:
        factor = np.array([*srgb(factor[:3]), factor[3]], np.float32)
    mode = visual.alphaMode or "OPAQUE"
    cutoff = 0.0
    if mode == "OPAQUE":
        factor[3] = 1
        if texture is not None:
            texture[..., 3] = 255
    elif mode == "MASK":
        cutoff = 0.5 if visual.alphaCutoff is None else float(visual.alphaCutoff)
    return Material(factor, texture, cutoff)


def tints_of(geometry: Any, linear: bool) -> Floats:
    """Return the colours (T, 3, 4) of a trimesh geometry's vertices or faces at the corners; 1 where it has none."""
    visual, faces = geometry.visual, np.asarray(geometry.faces)
    if visual.kind == "vertex":
        colors = np.asarray(visual.vertex_colors, np.float32)[faces] / 255
    elif visual.kind == "face":
        colors = np.repeat(np.asarray(visual.face_colors, np.float32)[:, None], 3, 1) / 255
    else:
        given = getattr(visual, "vertex_attributes", {}).get("color")
        if given is None or len(given) != len(geometry.vertices):
            return np.ones((len(faces), 3, 4), np.float32)
        colors = np.asarray(given, np.float32)[faces] / (255 if np.asarray(given).dtype.kind in "ui" else 1)
    if colors.shape[-1] == 3:
        colors = np.concatenate([colors, np.ones_like(colors[..., :1])], -1)
    if linear:
        colors[..., :3] = srgb(colors[..., :3])
    return colors.astype(np.float32)


def texture_of(image: Any) -> npt.NDArray[np.uint8] | None:
    """Return a Pillow image as (H, W, 4) uint8, scaled down to `MAX_TEXTURE_PX`; None where it cannot be decoded."""
    if image is None:
        return None
    try:
        image.draft("RGB", (MAX_TEXTURE_PX, MAX_TEXTURE_PX))  # JPEG is then decoded at the size that is needed
        if image.mode.startswith(("I", "F")):
            image = image.point(lambda value: value / 256).convert("L")
        longest = max(image.size)
        if longest > MAX_TEXTURE_PX:
            size = tuple(max(1, round(side * MAX_TEXTURE_PX / longest)) for side in image.size)
            image = image.convert("RGBA").resize(size, reducing_gap=2.0)
        return np.array(image.convert("RGBA"))
    except (OSError, ValueError, SyntaxError):
        return None


def srgb(linear: npt.ArrayLike) -> Floats:
    """Return linear light in [0, 1] as sRGB (IEC 61966-2-1)."""
    light = np.clip(np.asarray(linear, np.float32), 0, 1)
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055).astype(np.float32)


def _color(value: Any, default: Floats) -> Floats:
    """Return 8-bit or unit values (3,) or (4,) as (4,) float32 in [0, 1]."""
    if value is None:
        return default.copy()
    array = np.asarray(value)
    color = array.astype(np.float32).ravel()[:4]
    if len(color) < 3 or not np.isfinite(color).all():
        return default.copy()
    if array.dtype.kind in "ui":
        color /= np.float32(255)
    return np.clip(np.append(color, 1.0)[:4], 0, 1).astype(np.float32)


def _opacity(extra: dict[str, Any]) -> float:
    """Return what an MTL file's `d` or `Tr` line says, 1 where neither does; 0 is taken for a mistake."""
    for key, turned in (("d", False), ("tr", True)):
        try:
            value = float(extra[key][-1])
        except (KeyError, IndexError, TypeError, ValueError):
            continue
        opacity = 1 - value if turned else value
        return opacity if 0 < opacity <= 1 else 1.0
    return 1.0
