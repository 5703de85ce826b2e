"""`core3d formats`: what scans core3d reads, and the files that it expects of each."""

from __future__ import annotations

from core3d_search.cli import options, output


def formats(as_json: options.Json = False) -> None:
    """List the formats of scans that `core3d index` reads, with the files that each expects.

    A .zip of any of them is read, too, where it is named itself.
    """
    from core3d_search import plugins
    from core3d_search.indexer.readers import GROUP

    readers = [plugins.load(GROUP, name) for name in plugins.names(GROUP)]
    found = sorted((reader.format, reader.layout) for reader in readers)
    if as_json:
        output.print_json({"formats": [{"format": format, "files": layout} for format, layout in found]})
    else:
        output.print_table(["format", "files"], [list(row) for row in found])
