"""`core3d scenes`: what the database holds."""

from __future__ import annotations

from core3d_search.cli import options, output


def scenes(db: options.Database = None, as_json: options.Json = False) -> None:
    """List the indexed scenes."""
    from core3d_search.search.documents import Scene, SceneList
    from core3d_search.store import Store

    with Store.open(db) as store:
        records = store.scenes()
    if as_json:
        found = [Scene.of(record, record.path) for record in records]
        output.print_json(SceneList(scenes=found, total=len(found)))
        return
    rows = [
        [r.name, str(r.object_count) if r.indexed else "not indexed yet", str(r.frame_count), r.format, r.path]
        for r in records
    ]
    output.print_table(["scene", "objects", "frames", "format", "path"], rows, right=("objects", "frames"))
