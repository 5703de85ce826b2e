"""`core3d weights convert` on a generated checkpoint, and on a file that is none."""

import sys

import pytest

from core3d_search import cli


def run(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["core3d", "weights", "convert", *map(str, arguments)])
    with pytest.raises(SystemExit) as stop:
        cli.main()
    return stop.value.code


def test_what_is_no_checkpoint_is_refused_without_running_it(monkeypatch, capsys, tmp_path):
    (tmp_path / "model.pth").write_bytes(b"\x80\x04cos\nsystem\n(S'touch owned'\ntR.")
    assert run(monkeypatch, tmp_path / "model.pth", tmp_path / "model.safetensors") == 1
    assert "model.pth" in capsys.readouterr().err
    assert not (tmp_path / "model.safetensors").exists()


@pytest.mark.slow
def test_a_checkpoint_becomes_safetensors(monkeypatch, capsys, tmp_path):
    from benchmarks.generated_weights import write_generated_checkpoint

    write_generated_checkpoint("swint", tmp_path / "model.pth")
    assert run(monkeypatch, tmp_path / "model.pth", tmp_path / "model.safetensors") == 0
    assert (tmp_path / "model.safetensors").stat().st_size > 200_000_000
