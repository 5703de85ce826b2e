"""What `core3d eval` does once it knows what is asked: maps made or taken, texts asked, files written."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from core3d_search.cli import output
from core3d_search.errors import InputError

if TYPE_CHECKING:
    from core3d_search.evaluation.referring import Judged, Utterance
    from core3d_search.evaluation.report import Outcome
    from core3d_search.indexer.config import IndexConfig
    from core3d_search.indexer.frames import SceneReader
    from core3d_search.store import Store


@dataclass(frozen=True)
class Job:
    """One evaluation: what of `dataset` below `root` is asked, with which settings, and where things are written."""

    dataset: str
    root: Path
    profile: str
    out: Path | None
    db: str | None
    indexed: bool
    notes: tuple[str, ...]
    config: IndexConfig | None = None

    @property
    def folder(self) -> Path:
        """Where the result is written, and the database unless another one is named."""
        name = re.sub(r"[^\w.-]+", "-", self.profile).strip("-")[:60]
        return self.out or Path(f"eval-{self.dataset}-{name}")

    def write_rooms(self, count: int, first_seed: int, frames: int) -> list[str]:
        """Write the generated rooms that are not there yet; return their names."""
        from core3d_search.evaluation.tables import write_rooms

        self.root.mkdir(parents=True, exist_ok=True)
        return list(write_rooms(self.root, count, first_seed, frames))

    def segmentation(
        self, names: Sequence[str] | None, classes: int, rules: str | None, seeds: Mapping[str, int] | None
    ) -> Outcome:
        """Return what labels of points, instances and retrieval are worth."""
        from core3d_search.evaluation.rules import rules_named
        from core3d_search.evaluation.run import evaluate
        from core3d_search.evaluation.tables import table_of

        table = table_of(self.dataset, self.root, names, classes)
        judged_by = rules_named(rules) if rules else table.rules
        readers = {scene.name: scene.open() for scene in table.scenes}
        with self._maps(list(readers.values())) as store:
            return evaluate(
                table, readers, store, judged_by, self.profile, notes=self.notes, seeds=seeds, progress=_told
            )

    def own_maps(self, queries: Path | None, names: Sequence[str] | None) -> Outcome:
        """Return how often the first hit over our own maps is the object that a text means."""
        from core3d_search.evaluation.datasets import scannet
        from core3d_search.evaluation.referring import ask_own_map, shifted
        from core3d_search.evaluation.report import provenance
        from core3d_search.evaluation.run import evaluate_referring, last_run
        from core3d_search.evaluation.tables import table_of
        from core3d_search.indexer.write import name_in
        from core3d_search.search.searcher import Searcher

        table = table_of("scannet", self.root, names)
        texts = self._texts(queries, {scene.name for scene in table.scenes})
        readers = {scene.name: scene.open() for scene in table.scenes if scene.name in texts}
        judged: dict[str, list[Judged]] = {}
        with self._maps(list(readers.values())) as store:
            searcher = Searcher(store)
            for scene, reader in readers.items():
                boxes = shifted(scannet.read_objects(self.root, scene).boxes())
                turned = scannet.scan_from_world(self.root, scene)
                judged[scene] = ask_own_map(searcher, store, name_in(store, reader), texts[scene], boxes, turned)
                _told(scene, "asked", len(judged), len(readers))
            runs = {scene: last_run(store, name_in(store, reader)) for scene, reader in readers.items()}
        made = provenance(runs, {scene: "" for scene in readers})
        return evaluate_referring(self.dataset, judged, self.profile, made, (0.1, 0.25), self.notes)

    def true_boxes(self, queries: Path | None, names: Collection[str] | None) -> Outcome:
        """Return how often the language engine chooses the right one of the true boxes and labels."""
        from core3d_search.evaluation.referring import ask_true_objects, read_labelled
        from core3d_search.evaluation.report import provenance
        from core3d_search.evaluation.run import evaluate_referring

        texts = self._texts(queries, names)
        judged = {}
        for scene, asked in texts.items():
            judged[scene] = ask_true_objects(asked, read_labelled(self.root, scene))
        return evaluate_referring(self.dataset, judged, self.profile, provenance({}, {}), (1.0,), self.notes)

    def openlex3d(self, names: Sequence[str] | None, as_json: bool) -> None:
        """Write OpenLex3D's three files for each scene, and call its scorer where it is installed."""
        from core3d_search.evaluation.openlex3d import score, scorer_command, write_predictions
        from core3d_search.indexer.readers import find_scenes
        from core3d_search.indexer.write import name_in

        readers = [reader for reader in find_scenes(self.root) if not names or reader.name in names]
        if not readers:
            raise InputError(f"no scene in {self.root} is called {', '.join(names or ())}")
        told: dict[str, Any] = {}
        with self._maps(readers) as store:
            for reader in readers:
                folder = self.folder / "predictions" / reader.name
                write_predictions(store.objects(name_in(store, reader), with_points=True), folder)
                said = score("replica", reader.name, folder)
                told[reader.name] = {"folder": str(folder), "scorer": said}
        if as_json:
            output.print_json({"dataset": self.dataset, "scenes": told})
            return
        for scene, each in told.items():
            typer.echo(f"{scene}: {each['folder']}")
            missing = " ".join(scorer_command("replica", scene, Path(each["folder"])))
            typer.echo(each["scorer"] or f"  OpenLex3D's scorer is not installed; with it: {missing}")

    def finish(self, outcome: Outcome, published: str, as_json: bool) -> None:
        """Write result.json and table.md, and print the table or the JSON."""
        table = outcome.markdown(published)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / "result.json").write_text(json.dumps(outcome.to_dict(), indent=1) + "\n", encoding="utf-8")
            (self.folder / "table.md").write_text(table, encoding="utf-8")
        except OSError as error:
            raise InputError(f"{self.folder} cannot be written: {error.strerror or error}") from error
        if as_json:
            output.print_json(outcome.to_dict())
        else:
            typer.echo(table)
            typer.echo(f"result.json and table.md in {self.folder}", err=True)

    @contextmanager
    def _maps(self, readers: Sequence[SceneReader]) -> Iterator[Store]:
        """Open the database and index what is not there or has changed; raises InputError where a scene fails."""
        from core3d_search.cli.index import told_outcomes, writable_store
        from core3d_search.store import Store

        if self.db is None:
            self.folder.mkdir(parents=True, exist_ok=True)
        place = self.db or str(self.folder / "maps.db")
        if self.indexed:
            with Store.open(place) as store:
                yield store
            return
        if self.config is None:
            raise InputError("indexing needs a profile")
        with writable_store(place) as store:
            outcomes = list(told_outcomes(readers, store, place, self.config, 1, refuse=False))  # judged as it is
            failed = [outcome.scene for outcome in outcomes if outcome.report is None]
            if failed:
                raise InputError(f"not evaluated, since these scenes could not be indexed: {', '.join(failed)}")
            yield store

    def _texts(self, queries: Path | None, names: Collection[str] | None) -> dict[str, list[Utterance]]:
        """Return the texts by scene, of the scenes called `names` or of all."""
        from core3d_search.evaluation.referring import queries_file, read_utterances

        by_scene: dict[str, list[Utterance]] = defaultdict(list)
        for utterance in read_utterances(queries or queries_file(self.root, self.dataset)):
            if names is None or utterance.scene in names:
                by_scene[utterance.scene].append(utterance)
        if not by_scene:
            raise InputError(f"no text of {self.dataset} is about {', '.join(sorted(names or ()))}")
        return dict(by_scene)


def _told(scene: str, stage: str, done: int, total: int, skipped: int = 0) -> None:
    typer.echo(f"{scene}: {stage}, {done} of {total}", err=True)
