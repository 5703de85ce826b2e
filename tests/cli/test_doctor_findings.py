"""The doctor on machines that are ill in known ways."""

import json
import sys
from importlib.metadata import PackageNotFoundError

import pytest
import typer

from core3d_search.cli import doctor

WHOLE = {name: "1.0" for name in (*doctor.PACKAGES, "faiss-gpu")}


@pytest.fixture
def machine(monkeypatch):
    """A machine with the given distributions, whose imports all succeed unless a test says otherwise."""

    def of(installed, probe=lambda topic, code, explain: doctor.Finding(topic, "ok", "loads")):
        def version(name):
            if name not in installed:
                raise PackageNotFoundError(name)
            return installed[name]

        monkeypatch.setattr(doctor, "version", version)
        monkeypatch.setattr(doctor, "_probe", probe)
        return {finding.topic: finding for finding in doctor.examine() if finding.state == "fault"}

    return of


def test_a_whole_machine_has_no_fault(machine):
    assert machine(WHOLE) == {}


def test_a_missing_package_comes_with_its_command(machine):
    faults = machine({name: v for name, v in WHOLE.items() if name != "open3d"})
    assert "pip install open3d" in faults["open3d"].text


def test_two_faiss_are_one_too_many_and_none_too_few(machine):
    assert "overwrite each other" in machine(WHOLE | {"faiss-cpu": "1.0"})["faiss-gpu"].text
    assert "faiss-cpu" in machine({name: v for name, v in WHOLE.items() if name != "faiss-gpu"})["faiss"].text


def test_torchvision_of_another_build_is_recognised(monkeypatch):
    def fails(arguments, **options):
        error = "RuntimeError: operator torchvision::nms does not exist"
        return type("Run", (), {"returncode": 1, "stdout": "", "stderr": f"Traceback\n{error}\n"})

    monkeypatch.setattr(doctor.subprocess, "run", fails)
    finding = doctor._torchvision()
    assert finding.state == "fault"
    assert "different builds" in finding.text


def test_missing_system_libraries_are_named(monkeypatch):
    def fails(arguments, **options):
        error = "OSError: libusb-1.0.so.0: cannot open shared object file: No such file or directory"
        return type("Run", (), {"returncode": 1, "stdout": "", "stderr": error})

    monkeypatch.setattr(doctor.subprocess, "run", fails)
    for installed, state in ((WHOLE | {"embreex": "4.4"}, "note"), (WHOLE, "fault")):
        monkeypatch.setattr(doctor, "_installed", installed.get)
        finding = doctor._open3d()
        assert finding.state == state, "what casts rays without Open3D makes its libraries a matter of some commands"
        assert "apt-get install libegl1 libgl1 libx11-6 libusb-1.0-0" in finding.text


def test_a_real_import_is_probed_in_its_own_process():
    assert doctor._probe("sys", "import sys; print(sys.version_info.major)", str) == doctor.Finding(
        "sys", "ok", str(sys.version_info.major)
    )
    assert doctor._probe("nothing", "import no_such_module", lambda error: "install it").state == "fault"


def test_json_lists_all_and_a_fault_is_exit_code_1(machine, monkeypatch, capsys):
    findings = [doctor.Finding("a", "ok", "x"), doctor.Finding("b", "fault", "y; run: z")]
    monkeypatch.setattr(doctor, "examine", lambda: iter(findings))
    with pytest.raises(typer.Exit) as stop:
        doctor.doctor(as_json=True)
    assert stop.value.exit_code == 1
    assert [finding["state"] for finding in json.loads(capsys.readouterr().out)["findings"]] == ["ok", "fault"]
