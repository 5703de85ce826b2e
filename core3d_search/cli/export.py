"""`core3d export`: a scene as a file for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from core3d_search.cli import options, output


def export(
    scene: Annotated[str, typer.Argument(help="The scene's name, as `core3d scenes` lists it.")],
    path: Annotated[Path, typer.Argument(help="The file to write: .json, .csv, .ply, .glb or .usd.", metavar="FILE")],
    mesh: Annotated[
        bool, typer.Option("--mesh", help="A surface fused from the scan's frames in the place of points (.glb).")
    ] = False,
    voxel: Annotated[
        float, typer.Option("--voxel", min=0.002, max=0.5, help="Voxels of --mesh, metres; smaller is finer.")
    ] = 0.02,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file that is there.")] = False,
    db: options.Database = None,
) -> None:
    """Write a scene for other programs: a scene graph, a table, points with object ids, glTF or USD."""
    from core3d_search.errors import InputError
    from core3d_search.exports import FORMATS, export_scene
    from core3d_search.store import Store

    format = path.suffix[1:].lower()
    if format not in FORMATS:
        endings = ", ".join(f".{name}" for name in FORMATS)
        raise InputError(f"{path} has no ending that says what to write; there are: {endings}")
    output.refuse_overwriting(path, force)
    with Store.open(db) as store:
        surface = None
        if mesh:
            from core3d_search.indexer.surface_mesh import fused_surface

            if format != "glb":
                raise InputError(f"--mesh writes .glb; {path} ends otherwise")
            surface = fused_surface(store, scene, voxel)
        data = export_scene(store, scene, format, surface)
    try:
        path.write_bytes(data)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from error
    typer.echo(f"{scene} in {path}, {len(data) / 1e6:.1f} MB", err=True)
