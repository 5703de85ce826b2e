"""Reads what data sets keep in PLY files beside the shape: labels of vertices, objects of faces."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from core3d_search.errors import InputError

Columns = dict[str, dict[str, npt.NDArray[Any]]]


def read_ply(path: Path) -> Columns:
    """Return the properties of a PLY file by element and name; lists of one length are (N, L). Raises InputError."""
    import trimesh

    if not path.is_file():
        raise InputError(f"{path} is missing")
    try:
        loaded = trimesh.load(path, process=False)
        elements = loaded.metadata["_ply_raw"]
        return {name: _columns(element["data"]) for name, element in elements.items() if "data" in element}
    except Exception as error:  # trimesh raises whatever it stumbles over
        raise InputError(f"{path} cannot be read as PLY: {error or type(error).__name__}") from error


def column(found: Columns, path: Path, element: str, *names: str) -> npt.NDArray[Any]:
    """Return the first of the properties `names` that `element` has; raises InputError where it has none."""
    for name in names:
        if name in found.get(element, {}):
            return found[element][name]
    raise InputError(f"{path}: no property {' or '.join(names)} of {element}; there are: {', '.join(found)}")


def vertices(found: Columns, path: Path) -> npt.NDArray[np.float64]:
    """Return (N, 3) the coordinates of the vertices; raises InputError."""
    return np.stack([column(found, path, "vertex", axis).astype(np.float64) for axis in "xyz"], axis=1)


def _columns(data: Any) -> dict[str, npt.NDArray[Any]]:
    """Return the columns of trimesh's record array; a list is the pair of its lengths and values there."""
    columns = {}
    names = data.dtype.names if isinstance(data, np.ndarray) else tuple(data)
    for name in names or ():
        values = data[name]
        if isinstance(values, np.ndarray) and values.dtype.names:
            lengths = values[values.dtype.names[0]]
            if len(np.unique(lengths)) > 1:
                raise ValueError(f"the lists {name!r} have different lengths")
            values = values[values.dtype.names[1]]
        columns[name] = np.asarray(values)
    return columns
