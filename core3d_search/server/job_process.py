"""Indexing for a client, in a process of its own: its memory, its crashes and its share of the cores stay apart."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

Tell = Callable[[dict[str, Any]], None]
"""Hears what changes of a job: keys of documents.Job, and `run` and `fault` for one scene more."""

NICENESS = 5
"""By how much searches go before indexing."""
TELL_EVERY_S = 0.1


@dataclass(frozen=True)
class Order:
    """What to index; everything as the request says it, checked."""

    place: Path
    roots: tuple[Path, ...]
    database: str | None
    profile: str | None
    settings: tuple[str, ...]
    format: str | None
    force: bool


def work(order: Order, connection: Connection) -> None:
    """Do what `order` says, telling at the other end of `connection`; the target of the process."""
    from core3d_search.errors import Core3DError

    if hasattr(os, "nice"):
        os.nice(NICENESS)
    try:
        index(order, connection.send)
    except Core3DError as error:
        connection.send({"error": str(error)})
    except (BrokenPipeError, KeyboardInterrupt):  # the server has gone
        return
    except Exception as error:  # a bug of a plug-in or ours is told like everything else that stops a job
        connection.send({"error": f"this is a bug: {type(error).__name__}: {error}"})
    connection.close()


def index(order: Order, tell: Tell) -> None:
    """Index the scenes of `order`; raises what stops it as a whole."""
    from core3d_search.errors import InputError
    from core3d_search.indexer.checks.scene import refuse_nonsense
    from core3d_search.indexer.config import resolve
    from core3d_search.indexer.models import best_profile
    from core3d_search.indexer.pipeline import index_scenes
    from core3d_search.indexer.readers import survey
    from core3d_search.server.places import is_below
    from core3d_search.store import Store

    config = resolve(order.profile or best_profile(), list(order.settings))
    found = survey(order.place, order.format)
    for source, error in found.broken.items():
        tell({"fault": (source.name, str(error))})
    outside = [scene for scene in found.scenes if not is_below(order.roots, scene.source)]
    for scene in outside:
        tell({"fault": (scene.name, "it lies outside of the served roots")})
    scenes = [scene for scene in found.scenes if scene not in outside]
    if not scenes:
        raise InputError("no scene could be opened")
    with Store.open(order.database, create=True) as store:
        progress = _throttled(tell)
        for outcome in index_scenes(scenes, store, config, force=order.force, check=refuse_nonsense, progress=progress):
            if outcome.report is not None:
                tell({"run": outcome.report.to_dict()})
            else:
                tell({"fault": (outcome.scene, f"{type(outcome.error).__name__}: {outcome.error}")})


def _throttled(tell: Tell) -> Any:
    """Return a progress that tells at most ten times a second, and the end of every stage."""
    last = 0.0

    def progress(scene: str, stage: str, done: int, total: int, skipped: int = 0) -> None:
        nonlocal last
        now = time.monotonic()
        if done >= total or now - last >= TELL_EVERY_S:
            last = now
            tell({"scene": scene, "stage": stage, "done": done, "total": total})

    return progress
