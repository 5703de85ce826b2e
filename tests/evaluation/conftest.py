"""The command line, run in this process."""

import sys

import pytest

from core3d_search import cli


@pytest.fixture
def core3d(known_db, monkeypatch, capsys):
    """Run a command line in this process; returns exit code, stdout and stderr."""
    monkeypatch.setenv("CORE3D_DB", str(known_db))
    monkeypatch.delenv("CORE3D_LLM_URL", raising=False)

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["core3d", *map(str, arguments)])
        code = 0
        try:
            cli.main()
        except SystemExit as stop:
            code = stop.code or 0
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run
