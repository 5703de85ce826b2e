"""Every category of thing that a room can hold; importing this package fills the registry."""

from __future__ import annotations

import numpy as np

from core3d_search.errors import InputError
from core3d_search.synthetic.catalogue import (  # noqa: F401 (each registers its categories)
    appliances,
    bathroom,
    beds,
    belongings,
    decor,
    kitchenware,
    lighting,
    office,
    openings,
    seating,
    storage,
    tables,
)
from core3d_search.synthetic.catalogue.category import REGISTRY, Category, Model, Support
from core3d_search.synthetic.surfaces import finish

CATEGORIES: dict[str, Category] = dict(sorted(REGISTRY.items()))


def build(
    name: str, rng: np.random.Generator, *, color: str | None = None, material: str | None = None
) -> tuple[Model, str, str]:
    """Return one model of category `name` with the names of its colour and material, drawn where not given.

    Raises InputError for an unknown category and for a colour or material that the category never has.
    """
    kind = CATEGORIES.get(name)
    if kind is None:
        raise InputError(f"no category called {name!r}; there are: {', '.join(CATEGORIES)}")
    choices = [
        (made_of, tone)
        for made_of, tones in kind.finishes.items()
        for tone in tones
        if (material is None or made_of == material) and (color is None or tone == color)
    ]
    if not choices:
        raise InputError(f"{name!r} never comes in {color or 'any colour'}, {material or 'any material'}")
    materials = sorted({made_of for made_of, _ in choices})
    made_of = materials[int(rng.integers(len(materials)))]
    tones = [tone for other, tone in choices if other == made_of]
    tone = tones[int(rng.integers(len(tones)))]
    return kind.build(rng, finish(made_of, tone, rng)), tone, made_of


__all__ = ["CATEGORIES", "Category", "Model", "Support", "build"]
