"""An asset browser on the Python interface: no server, one database, a page of every kind of thing that there is.

python examples/browse_python.py core3d.db --out assets
"""

import argparse
from collections import defaultdict
from html import escape
from pathlib import Path

from core3d_search import Core3DError, Searcher

HEAD = """<!doctype html><meta charset=utf-8><title>Assets</title>
<style>body{font:16px system-ui;margin:2rem}section{display:flex;flex-wrap:wrap;gap:1rem}figure{margin:0;width:12rem}
img{width:12rem;height:9rem;object-fit:cover;border-radius:.5rem;background:#ddd}</style>"""


def main() -> None:
    parser = argparse.ArgumentParser(description="Write every object of a database, by its label, as pages.")
    parser.add_argument("db")
    parser.add_argument("--out", type=Path, default=Path("assets"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    try:
        with Searcher.open(options.db) as searcher:
            kinds = things_by_label(searcher)
            for label, ids in kinds.items():
                (options.out / f"{slug(label)}.html").write_text(page(searcher, label, ids, options.out), "utf-8")
    except Core3DError as error:
        raise SystemExit(f"cannot browse: {error}") from error
    links = "".join(f'<li><a href="{slug(label)}.html">{escape(label)}</a> {len(ids)}' for label, ids in kinds.items())
    (options.out / "index.html").write_text(f"{HEAD}<h1>Assets</h1><ul>{links}</ul>", "utf-8")
    print(f"{sum(map(len, kinds.values()))} objects of {len(kinds)} kinds in {options.out / 'index.html'}")


def things_by_label(searcher: Searcher) -> dict[str, list[int]]:
    """Return the ids of all objects by their label, the most frequent first."""
    table = searcher.store.object_table()
    kinds = defaultdict(list)
    for object_id, label in zip(table.ids.tolist(), table.labels, strict=True):
        kinds[label or "unnamed"].append(object_id)
    return dict(sorted(kinds.items(), key=lambda kind: -len(kind[1])))


def page(searcher: Searcher, label: str, ids: list[int], folder: Path) -> str:
    """Return the page of one kind: each thing, and what looks most like it."""
    cards = []
    for object_id in ids:
        picture = searcher.store.thumbnail(object_id)
        if picture is not None:
            (folder / f"{object_id}.webp").write_bytes(picture)
        like = "".join(f" <a href=#{hit.object_id}>#{hit.object_id}</a>" for hit in searcher.similar(object_id, k=3))
        scene = escape(searcher.store.object(object_id).scene)
        image = f'<img src="{object_id}.webp" alt="">' if picture is not None else ""
        cards.append(
            f"<figure id={object_id}>{image}<figcaption>#{object_id} {scene}<br>like{like}</figcaption></figure>"
        )
    return f"{HEAD}<h1>{escape(label)}</h1><section>{''.join(cards)}</section>"


def slug(label: str) -> str:
    """Return a name for the file of a label's page."""
    return "".join(letter if letter.isalnum() else "-" for letter in label) or "unnamed"


if __name__ == "__main__":
    main()
