"""An asset browser over HTTP: `core3d serve` must run, with the extra `client` installed.

python examples/browse_http.py "red chair near window" --address http://127.0.0.1:8333 --out cards
"""

import argparse
from html import escape
from pathlib import Path

from core3d_search.client import Client, ServerError
from core3d_search.search.documents import Hit


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the answer to a question as a page of cards.")
    parser.add_argument("text")
    parser.add_argument("--address", default="http://127.0.0.1:8333")
    parser.add_argument("--out", type=Path, default=Path("cards"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    with Client(options.address) as core3d:
        hits = core3d.search(options.text, k=24).hits
        cards = [card(core3d, hit, options.out) for hit in hits]
    page = f"<!doctype html><meta charset=utf-8><title>core3d</title><h1>{escape(options.text)}</h1>"
    (options.out / "index.html").write_text(page + "".join(cards), encoding="utf-8")
    print(f"{len(cards)} cards in {options.out / 'index.html'}")


def card(core3d: Client, hit: Hit, folder: Path) -> str:
    """Return one hit as HTML, its picture saved beside the page where the server has one."""
    picture = f"{hit.object_id}.webp"
    try:
        (folder / picture).write_bytes(core3d.thumbnail(hit.object_id))
    except ServerError:  # a database without pictures
        picture = ""
    reasons = "".join(f"<li>{reason.score:.2f} {escape(reason.text)}</li>" for reason in hit.reasons)
    image = f'<img src="{picture}" alt="">' if picture else ""
    return (
        f"<article>{image}<h2>{escape(hit.label or 'object')} in {escape(hit.scene)}</h2><ul>{reasons}</ul></article>"
    )


if __name__ == "__main__":
    main()
