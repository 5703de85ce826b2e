"""`core3d models` and `core3d profiles`: which trained weights there are, where they are, and whether they work."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core3d_search.cli import options, output
from core3d_search.errors import ModelError

if TYPE_CHECKING:
    from core3d_search.indexer.model_checks import Check, Picture
    from core3d_search.indexer.models import Model

app = typer.Typer(help="Trained weights: list, fetch, and check that they work.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="A name that core3d models list shows.", show_default=False)]
ROOMS, FRAMES = (7001, 7002, 7003), 5
"""Rooms that pictures for `verify` are drawn of, and how many of each; no model was trained on them."""
CLICKS = 16
"""Clicks a side of the picture, for models that are clicked: a quarter of the usual, for the time it takes."""


@app.callback()
def models() -> None:
    """Trained weights: list, fetch, and check that they work."""


@app.command("list")
def list_models(as_json: options.Json = False) -> None:
    """List the models, with size, licence, and where their weights are on this machine."""
    from core3d_search.indexer.models import MODELS

    if as_json:
        output.print_json({"models": [_described(model) for model in MODELS]})
        return
    rows = [
        [m.name, m.kind, f"{m.megabytes():.0f}", m.licence, "with core3d" if m.ships else str(m.place() or "not here")]
        for m in MODELS
    ]
    output.print_table(["model", "for", "MB", "licence", "weights"], rows, right=["MB"])


@app.command("get")
def get(name: Name, as_json: options.Json = False) -> None:
    """Fetch the weights of a model from where their authors publish them; done at once where they are here."""
    from core3d_search.indexer.models import model_named

    model = model_named(name)
    with output.download_bar(name) as progress:
        place = model.get(progress)
    if as_json:
        output.print_json(_described(model))
    else:
        typer.echo(str(place))


@app.command("verify")
def verify(name: Name, as_json: options.Json = False) -> None:
    """Run a model on rooms that core3d draws, and say whether its answers make sense; exit code 1 where they do not."""
    from core3d_search.indexer.models import model_named

    model = model_named(name)
    if model.place() is None:
        raise ModelError(f"the weights of {name} are not on this machine: core3d models get {name}")
    _hold_to_checksum(model)
    checks = _checks(model)
    if as_json:
        output.print_json(_described(model) | {"checks": [check.to_dict() for check in checks]})
    else:
        rows = [[c.what, *(f"{x:.0%}" for x in (c.right, c.wanted, c.blind)), "" if c.passed else "NO"] for c in checks]
        output.print_table(["check", "right", "wanted", "blind", ""], rows, right=["right", "wanted", "blind"])
    if not all(check.passed for check in checks):
        failed = "; ".join(check.what for check in checks if not check.passed)
        raise ModelError(
            f"{name} does not do what it should ({failed}): its weights are damaged, of another network, or loaded "
            f"into the wrong places; remove {model.place()} and run core3d models get {name}"
        )


def profiles(as_json: options.Json = False) -> None:
    """List the profiles of core3d index, the models of each, and whether their weights are on this machine."""
    from core3d_search.indexer.config import PROFILE_WORDS, PROFILES
    from core3d_search.indexer.models import models_of

    found: list[dict[str, Any]] = []
    for name, config in PROFILES.items():
        used = models_of(config)
        missing = [model.name for model in used if model.place() is None]
        words = {"name": name, "what": PROFILE_WORDS[name], "models": [model.name for model in used]}
        found.append(words | {"missing": missing, "megabytes": round(sum(model.megabytes() for model in used))})
    if as_json:
        output.print_json({"profiles": found})
        return
    rows = [
        [p["name"], p["what"], ", ".join(p["models"]), f"get {', '.join(p['missing'])}" if p["missing"] else "ready"]
        for p in found
    ]
    output.print_table(["profile", "what", "models", "weights"], rows)


def _described(model: Model) -> dict[str, Any]:
    """Return what there is to say about a model, for JSON."""
    from core3d_search.weights import remembered_sha256, sha256_of

    place = model.place()
    file = place if place is not None and place.is_file() else None
    return {
        "name": model.name,
        "kind": model.kind,
        "registered": model.registered,
        "options": dict(model.options),
        "megabytes": round(model.megabytes(), 1),
        "licence": model.licence,
        "page": model.page or None,
        "place": None if place is None else str(place),
        "sha256": None if file is None else remembered_sha256(file) or sha256_of(file),
    }


def _hold_to_checksum(model: Model) -> None:
    """Raise ModelError where the weights are no longer those of the first download."""
    from core3d_search.weights import remembered_sha256, sha256_of, weights_at_hand

    for published in model.files:
        file = weights_at_hand(published)
        known = published.sha256 or (remembered_sha256(file) if file else None)
        if file is not None and known is not None and sha256_of(file) != known:
            raise ModelError(f"{file} has changed since it was downloaded (SHA-256 {known} then): fetch it again")


def _checks(model: Model) -> list[Check]:
    """Return what the checks of the model's kind measured."""
    from core3d_search import plugins
    from core3d_search.encoders import load_encoder
    from core3d_search.indexer.model_checks import check_encoder, check_masks

    pictures = _pictures()
    if model.kind == "encoder":
        return check_encoder(load_encoder(model.registered, **model.options), pictures)
    make: Callable[..., Any] = plugins.load("core3d.masks", model.registered)
    fewer_clicks = {} if model.ships else {"points_per_side": CLICKS}
    generator = make(levels=(2, 4, 6), progress=None, **model.options, **fewer_clicks)
    return check_masks(generator, pictures[::FRAMES])


def _pictures() -> list[Picture]:
    """Draw pictures of rooms whose truth is known."""
    from core3d_search.indexer.frames import Frame
    from core3d_search.indexer.model_checks import Picture
    from core3d_search.synthetic import generate_room, render_room

    pictures = []
    for seed in ROOMS:
        room = generate_room(seed)
        labels = {number: thing.label for number, thing in enumerate(room.objects, 1)}
        for seen in render_room(room, frames=FRAMES, width=320, height=240):
            frame = Frame(seen.index, seen.rgb, seen.depth, seen.intrinsics, seen.world_from_camera)
            pictures.append(Picture(frame, seen.instance, labels))
    return pictures
