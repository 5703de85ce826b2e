"""Options that several commands share, so that they read and behave the same everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from core3d_search.indexer.frames import ReadOptions
    from core3d_search.query.llm import LlmParser
    from core3d_search.search.second_opinion import SecondOpinion

Database = Annotated[
    str | None,
    typer.Option("--db", envvar="CORE3D_DB", help="Database file or URL.", show_default="core3d.db", metavar="FILE"),
]
Vectors = Annotated[
    str | None,
    typer.Option(
        envvar="CORE3D_VECTORS",
        help="Vector index: mapped, exact, faiss, torch, pgvector, or an address as qdrant://HOST:6333.",
        metavar="KIND",
        show_default="by the number of vectors",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout, and nothing else.")]
Scenes = Annotated[
    list[str] | None, typer.Option("--scene", help="Only this scene; repeat for several.", metavar="NAME")
]
LlmUrl = Annotated[
    str | None,
    typer.Option(
        "--llm",
        envvar="CORE3D_LLM_URL",
        help="Let an LLM read the text: the address of an OpenAI-compatible endpoint. Its key is $CORE3D_LLM_KEY.",
        metavar="URL",
    ),
]
Language = Annotated[
    str | None,
    typer.Option("--lang", help="The language of the text: en, de, fr, es, zh.", show_default="by its words"),
]
LlmModel = Annotated[
    str | None,
    typer.Option("--llm-model", envvar="CORE3D_LLM_MODEL", help="The model to ask there.", metavar="NAME"),
]
Verify = Annotated[
    str | None,
    typer.Option(
        help="Let a vision model judge the first hits by their pictures: the address of an OpenAI-compatible endpoint.",
        metavar="URL",
    ),
]
VerifyModel = Annotated[
    str | None,
    typer.Option(
        envvar="CORE3D_VERIFY_MODEL", help="The model to ask there.", metavar="NAME", show_default="--llm-model's"
    ),
]
Profile = Annotated[
    str | None, typer.Option(help="Named settings; core3d profiles lists them. [default: the best that is here]")
]
Masks = Annotated[str | None, typer.Option(help="Mask generator, e.g. built-in, semantic-sam, sam2.")]
Encoder = Annotated[str | None, typer.Option(help="Encoder: built-in or open_clip.")]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", help="Any setting, e.g. fusion.gamma=0.25; repeatable.", metavar="KEY=VALUE"),
]
Format = Annotated[str | None, typer.Option(help="Force a reader; core3d formats lists them.")]
NoCheck = Annotated[bool, typer.Option("--no-check", help="Index also scans that do not agree with themselves.")]
Workers = Annotated[int, typer.Option(min=1, help="Scenes indexed at once, each in a process of its own.")]
Ray = Annotated[
    str | None,
    typer.Option(
        help="Index on a Ray cluster: auto, local or ray://HOST:10001; it sees scans under the same paths.",
        metavar="ADDRESS",
    ),
]
RayCpus = Annotated[float, typer.Option(min=0.01, help="With --ray: cores for each scene.")]
RayGpus = Annotated[float, typer.Option(min=0.0, help="With --ray: GPUs for each scene; 0.25 lets four share one.")]
DepthScale = Annotated[
    float | None,
    typer.Option(help="Stored depth units to the metre: 1000 for millimetres.", show_default="the format's"),
]
CameraAxes = Annotated[
    str | None,
    typer.Option(help="Axes of the stored poses: opencv (z forward) or opengl.", show_default="the format's"),
]
InvertPoses = Annotated[
    bool | None,
    typer.Option("--invert-poses", help="The stored poses are world-to-camera."),
]
EstimatePoses = Annotated[
    bool,
    typer.Option("--estimate-poses", help="Find the poses from colour and depth; stored ones are not used."),
]
Up = Annotated[
    str | None,
    typer.Option(help="World direction against gravity: z, -y, or three numbers 0,0,1.", show_default="the format's"),
]
Scale = Annotated[
    float | None,
    typer.Option(help="Metres to the unit of the poses: 0.001 for millimetres.", show_default="the format's"),
]
Objects = Annotated[
    str | None,
    typer.Option(
        help="What becomes an object of a mesh: nodes (each named one), whole, or masks.",
        show_default="masks in rooms, else whole",
    ),
]
Library = Annotated[bool, typer.Option("--library", help="A folder of single models: one scene, an object each.")]

THRESHOLD = 0.67
"""The Searcher's own (a test compares them): importing it here would slow down `--help`."""


def llm_parser(url: str | None, model: str | None) -> LlmParser | None:
    """Return the parser that `--llm` and `--llm-model` ask for; None without an address."""
    if url is None:
        return None
    if model is None:
        raise typer.BadParameter("--llm needs --llm-model NAME (or $CORE3D_LLM_MODEL)")
    from core3d_search.cli.llm import OnceParser

    return OnceParser(url, model)


def second_opinion(url: str | None, model: str | None) -> SecondOpinion | None:
    """Return what `--verify` and `--verify-model` ask for; None without an address."""
    if url is None:
        return None
    if model is None:
        raise typer.BadParameter("--verify needs --verify-model NAME (or $CORE3D_VERIFY_MODEL)")
    from core3d_search.search.second_opinion import SecondOpinion

    return SecondOpinion(url, model)


def read_options(
    depth_scale: float | None,
    camera_axes: str | None,
    invert_poses: bool | None,
    up: str | None,
    scale: float | None,
    objects: str | None = None,
    estimate_poses: bool = False,
) -> ReadOptions:
    """Return what the options say about how a scan is read; raises InputError for values that cannot be."""
    from core3d_search.indexer.readers.settings import checked_options

    values: dict[str, object]
    values = {"depth_scale": depth_scale, "camera_axes": camera_axes, "invert_poses": invert_poses or None}
    values |= {"up": _direction(up), "scale": scale, "objects": objects, "estimate_poses": estimate_poses or None}
    return checked_options(values, "on the command line")


def _direction(text: str | None) -> object:
    """Return `z`, `-y` or `0,0,1` as three numbers; anything else as it is, for the check to refuse."""
    if text is None:
        return None
    sign, axis = (-1.0, text[1:]) if text.startswith("-") else (1.0, text.removeprefix("+"))
    if axis in ("x", "y", "z"):
        return [sign * (axis == other) for other in "xyz"]
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        return text
