"""POST /v1/index: a job in a process of its own, told as it goes, found by search when it is done."""

import json
import time

import pytest
from server.conftest import TOKEN, bearer
from server.fake_work import all_broken, dying, endless, stopped, three_scenes

from core3d_search.server.jobs import Jobs
from core3d_search.server.service import Service
from core3d_search.server.settings import Limits, ServerSettings


@pytest.fixture
def jobs(tmp_path):
    """Give the jobs of a server whose processes run the given function."""
    made = []

    def start(target, **limits):
        (tmp_path / "scans").mkdir(exist_ok=True)
        settings = ServerSettings(roots=(tmp_path,), limits=Limits(**limits)).checked()
        made.append(Jobs(settings, target))
        return made[-1]

    yield start
    for each in made:
        each.close()


def ended(jobs, job, seconds=30):
    end = time.monotonic() + seconds
    while not jobs.get(job.job_id).is_over:
        assert time.monotonic() < end, jobs.get(job.job_id)
        time.sleep(0.02)
    return jobs.get(job.job_id)


def ask(path="scans", **changes):
    from core3d_search.search.documents import IndexRequest

    return IndexRequest(path, **changes)


def test_a_job_tells_scenes_that_are_done_and_those_that_failed_without_places_of_the_machine(jobs, tmp_path):
    running = jobs(three_scenes)
    job = ended(running, running.add(ask()))
    assert (job.state, job.path, job.error) == ("done", "scans", None)
    assert (job.runs[0].scene, job.runs[0].skipped[0].reason) == ("a", "dark")
    assert job.failed == {"b": "scans/depth is missing"}
    assert job.created <= job.started <= job.finished


@pytest.mark.parametrize(
    ("target", "error"), [(all_broken, None), (stopped, "no scene could be opened"), (dying, "exit code 9")]
)
def test_a_job_without_a_scene_that_is_done_has_failed(jobs, target, error):
    running = jobs(target)
    job = ended(running, running.add(ask()))
    assert job.state == "failed"
    assert job.error is None if error is None else error in job.error


def test_one_job_runs_others_wait_and_either_can_be_cancelled(jobs):
    from core3d_search.server.problems import ProblemError

    running = jobs(endless, jobs_waiting=1)
    first = running.add(ask())
    while running.get(first.job_id).stage is None:
        time.sleep(0.02)
    second = running.add(ask("."))
    with pytest.raises(ProblemError, match="too many jobs"):
        running.add(ask())
    assert [job.state for job in running.all()] == ["queued", "running"]
    assert running.cancel(second.job_id).state == "cancelled"
    assert running.cancel(first.job_id).state == "cancelled"
    assert ended(running, first).state == "cancelled"
    third = running.add(ask())
    while running.get(third.job_id).state == "queued":  # the former process is gone, the waiting one was never begun
        time.sleep(0.02)
    assert running.get(second.job_id).started is None


def test_events_tell_a_job_until_it_is_over(known_db, tmp_path, jobs, open_client, monkeypatch):
    monkeypatch.setattr("core3d_search.server.service.Jobs", lambda settings: Jobs(settings, three_scenes))
    client = open_client(roots=(tmp_path,), token=TOKEN)
    answer = client.post("/v1/index", json={"path": "."}, headers=bearer(TOKEN))
    assert answer.status_code == 202
    told = client.get(f"/v1/jobs/{answer.json()['job_id']}/events", headers=bearer(TOKEN))
    assert told.headers["content-type"].startswith("text/event-stream")
    events = [json.loads(event.split("data: ")[1]) for event in told.text.strip().split("\n\n")]
    assert events[-1]["state"] == "done"
    assert {event["state"] for event in events} <= {"queued", "running", "done"}
    assert client.get("/v1/jobs/none/events", headers=bearer(TOKEN)).status_code == 404
    assert [job["state"] for job in client.get("/v1/jobs", headers=bearer(TOKEN)).json()["jobs"]] == ["done"]


@pytest.mark.slow
def test_a_scan_is_indexed_in_its_own_process_and_found(tmp_path):
    """The real thing: a rendered room, the built-in models, a database that did not exist."""
    from starlette.testclient import TestClient

    from core3d_search.server.app import create_app
    from core3d_search.synthetic.demo import demo_rooms

    demo_rooms(tmp_path / "scans", seed=0, count=1, frames=6)
    (tmp_path / "scans" / "outside").symlink_to("/etc")
    settings = ServerSettings(str(tmp_path / "core3d.db"), roots=(tmp_path / "scans",))
    with TestClient(create_app(Service(settings)), base_url="http://127.0.0.1") as client:
        job = client.post("/v1/index", json={"path": ".", "settings": ["frames.longest_side_px=320"]}).json()
        client.get(f"/v1/jobs/{job['job_id']}/events")
        job = client.get(f"/v1/jobs/{job['job_id']}").json()
        assert (job["state"], job["failed"], job["error"]) == ("done", None, None)
        (scene,) = client.get("/v1/scenes").json()["scenes"]
        assert (scene["path"], scene["object_count"]) == (scene["scene"], job["runs"][0]["objects"])
        (first, *_) = client.get(f"/v1/scenes/{scene['scene']}/objects").json()["objects"]
        picture = client.get(f"/v1/objects/{first['object_id']}/frame.webp")
        assert picture.content[:4] == b"RIFF"
        assert client.get(f"/v1/objects/{first['object_id']}/thumbnail.webp").content[:4] == b"RIFF"
