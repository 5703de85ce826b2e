"""Indexing that clients ask for: one job at a time, the others wait, the last hundred are remembered."""

from __future__ import annotations

import multiprocessing
import queue
import secrets
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timezone
from multiprocessing.connection import Connection
from typing import Any

from core3d_search.search.documents import IndexRequest, Job, RunReport, SkippedFrame
from core3d_search.server.job_process import Order, work
from core3d_search.server.places import place_below, shown
from core3d_search.server.problems import ProblemError
from core3d_search.server.settings import ServerSettings

REMEMBERED = 100
LISTEN_S = 0.1
GIVEN_UP_S = 10.0
"""How long a cancelled process may take to end before it is killed."""
OPTIONS_OF_MODELS = ("masks.options", "encoder.options")
"""Settings that may name any file of this machine."""


class Jobs:
    """The jobs of a server; safe to share between threads. `target` is what the process of a job runs."""

    def __init__(self, settings: ServerSettings, target: Callable[[Order, Connection], None] = work) -> None:
        self._settings, self._target = settings, target
        self._jobs: dict[str, Job] = {}
        self._lock = threading.Lock()
        self._waiting: queue.Queue[tuple[str, Order] | None] = queue.Queue()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="core3d-jobs", daemon=True)
        self._thread.start()

    def add(self, request: IndexRequest) -> Job:
        """Queue a job and return it; raises a problem for a path outside the roots, and where too many wait."""
        place = place_below(self._settings.roots, request.path)
        settings = tuple(request.settings or ())
        for said in settings:
            if said.strip().startswith(OPTIONS_OF_MODELS):
                raise ProblemError(422, f"{said.partition('=')[0]} may not be set over HTTP: it may name files")
        order = Order(
            place,
            self._settings.roots,
            self._settings.database,
            request.profile,
            settings,
            request.format,
            request.force,
        )
        now = datetime.now(timezone.utc)
        job = Job(secrets.token_hex(8), shown(self._settings.roots, place) or "", "queued", now)
        with self._lock:
            if sum(each.state == "queued" for each in self._jobs.values()) >= self._settings.limits.jobs_waiting:
                raise ProblemError(503, "too many jobs wait already", {"Retry-After": "60"})
            self._jobs[job.job_id] = job
            over = [each.job_id for each in self._jobs.values() if each.is_over]
            for key in over[: max(0, len(self._jobs) - REMEMBERED)]:
                del self._jobs[key]
        self._waiting.put((job.job_id, order))
        return job

    def get(self, job_id: str) -> Job:
        """Return a job as it stands; raises a problem, 404, for one that is not remembered."""
        with self._lock:
            if job_id not in self._jobs:
                raise ProblemError(404, f"no job {job_id!r}: it was never there, or is long over")
            return self._jobs[job_id]

    def all(self) -> list[Job]:
        """Return the jobs, the newest first."""
        with self._lock:
            return list(self._jobs.values())[::-1]

    def cancel(self, job_id: str) -> Job:
        """Stop a job, what is finished staying; one that is over is left as it is."""
        job = self.get(job_id)
        return job if job.is_over else self._change(job_id, state="cancelled", finished=datetime.now(timezone.utc))

    def close(self) -> None:
        """Stop what runs and drop what waits."""
        self._closing = True
        self._waiting.put(None)
        for job in self.all():
            self.cancel(job.job_id)
        self._thread.join(GIVEN_UP_S + 1)

    def _change(self, job_id: str, **changes: Any) -> Job:
        """Change a job that is not over, and return it."""
        with self._lock:
            job = self._jobs[job_id]
            if not job.is_over:
                job = self._jobs[job_id] = replace(job, **changes)
            return job

    def _run(self) -> None:
        """Do one job after the other; the thread of this object."""
        while (asked := self._waiting.get()) is not None and not self._closing:
            job_id, order = asked
            if not self.get(job_id).is_over:
                self._change(job_id, state="running", started=datetime.now(timezone.utc))
                self._follow(job_id, order)

    def _follow(self, job_id: str, order: Order) -> None:
        """Run a job's process to its end, keeping its record up to date."""
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=self._target, args=(order, theirs), daemon=True)
        process.start()
        theirs.close()
        try:
            while not self.get(job_id).is_over:
                if ours.poll(LISTEN_S):
                    self._hear(job_id, ours.recv())
        except (EOFError, OSError):  # the other end is closed: it is done, or has died
            process.join(GIVEN_UP_S)
            if process.exitcode != 0:
                died = f"its process died (exit code {process.exitcode}), out of memory perhaps"
                self._change(job_id, error=self.get(job_id).error or died)
        finally:
            if process.is_alive():
                process.terminate()
                process.join(GIVEN_UP_S)
            if process.is_alive():
                process.kill()
            ours.close()
        job = self.get(job_id)
        failed = job.error is not None or (job.failed and not job.runs)
        ended = datetime.now(timezone.utc)
        self._change(job_id, state="failed" if failed else "done", finished=ended, scene=None, stage=None)

    def _hear(self, job_id: str, said: dict[str, Any]) -> None:
        """Take what a process told into the record of its job."""
        job = self.get(job_id)
        if "run" in said:
            self._change(job_id, runs=(*job.runs, _report(said["run"])))
        elif "fault" in said:
            name, why = said["fault"]
            self._change(job_id, failed={**(job.failed or {}), name: _without(self._settings, why)})
        elif "error" in said:
            self._change(job_id, error=_without(self._settings, said["error"]))
        else:
            self._change(job_id, **said)


def _report(values: dict[str, Any]) -> RunReport:
    skipped = tuple(SkippedFrame(**frame) for frame in values["skipped"])
    return RunReport(**{**values, "skipped": skipped, "notes": tuple(values["notes"])})


def _without(settings: ServerSettings, message: str) -> str:
    """Return a message without the places of this machine that clients need not know."""
    for root in settings.roots:
        message = message.replace(f"{root}/", "").replace(str(root), ".")
    return message
