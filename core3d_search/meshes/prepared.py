"""A model with its cameras and pictures, made once and kept for the one or two models that are in work."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core3d_search.meshes.loading import load_model
from core3d_search.meshes.model import Floats, Model, face_normals
from core3d_search.meshes.rendering import ModelRenderer, Picture, Viewpoint
from core3d_search.meshes.sampling import sample_surface
from core3d_search.meshes.viewpoints import THING_VIEWS, eyes_inside, viewpoints_around, viewpoints_inside

SAMPLES_PER_M2, FEWEST, MOST = 1600, 400, 6000
"""Points kept of an object's surface: one to 2.5 cm, within these counts."""


@dataclass(eq=False)
class PreparedModel:
    """A model, the cameras that show all of it, and the pictures that they have taken so far.

    `is_room`: the cameras stand inside. Pictures are kept: the pipeline asks for each twice, for masks and for crops.
    """

    model: Model
    renderer: ModelRenderer
    views: list[Viewpoint]
    is_room: bool
    _pictures: dict[int, Picture] = field(default_factory=dict)

    @classmethod
    def of(cls, model: Model, *, inside: bool = True, count: int = THING_VIEWS) -> PreparedModel:
        """Return `model` made ready, with `count` cameras around it, or more inside where it is a room.

        `inside=False` looks at a room, too, from around.
        """
        renderer = ModelRenderer(model)
        eyes = eyes_inside(model, renderer.rays) if inside else ()
        if len(eyes):
            return cls(model, renderer, viewpoints_inside(model, renderer.rays, eyes), True)
        return cls(model, renderer, viewpoints_around(model, renderer.rays, count), False)

    def picture(self, position: int) -> Picture:
        """Return what the camera at `position` sees; raises IndexError behind the last."""
        if position not in self._pictures:
            self._pictures[position] = self.renderer.picture(self.views[position])
        return self._pictures[position]

    def surface(self, triangles: npt.NDArray[np.int64] | None = None) -> tuple[Floats, npt.NDArray[np.uint8]]:
        """Return points (P, 3) and their own colours (P, 3) of the surface, or of those `triangles`."""
        corners = self.model.corners if triangles is None else self.model.corners[triangles]
        area = float(face_normals(corners)[1].sum())
        count = int(np.clip(area * SAMPLES_PER_M2, FEWEST, MOST))
        samples = sample_surface(self.model, count, triangles)
        color = self.renderer.color_at(samples.triangle, samples.barycentric)
        return samples.points, np.round(color[:, :3] * 255).astype(np.uint8)


@lru_cache(maxsize=2)
def prepared(path: Path, changed: int, scale: float | None, up: tuple[float, ...] | None) -> PreparedModel:
    """Return the model in the file at `path`, last `changed` then; raises as `load_model` does."""
    return PreparedModel.of(load_model(path, scale=scale, up=up))
