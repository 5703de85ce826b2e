"""`core3d` as a program: exit codes, pipes, Ctrl-C, and what it does not load."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core3d_search import __version__, cli
from core3d_search.errors import Core3DError

ROOT = Path(__file__).resolve().parents[2]


def start(*arguments, **options):
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, *arguments], env=environment, capture_output=True, text=True, check=False, **options
    )


def test_the_version_is_printed_and_nothing_else():
    done = start("-m", "core3d_search.cli", "--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"core3d {__version__}\n", "")


def test_without_arguments_it_shows_help():
    done = start("-m", "core3d_search.cli")
    assert "Usage" in done.stdout + done.stderr
    assert "index" in done.stdout + done.stderr


@pytest.mark.parametrize(
    "arguments", [("search",), ("serach", "chair"), ("index", "--nonsense"), ("search", "a", "-k", "x")]
)
def test_a_wrong_command_line_is_exit_code_2(arguments):
    done = start("-m", "core3d_search.cli", *arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Usage" in done.stderr


HEAVY = ("torch", "open3d", "faiss", "open_clip", "transformers", "trimesh", "embreex", "scipy", "skimage")


@pytest.mark.parametrize("arguments", [["--help"], ["index", "--help"], ["search", "--help"], ["models", "--help"]])
def test_help_loads_nothing_heavy(arguments):
    code = (
        "import sys; sys.argv = ['core3d', *{arguments!r}]\n"
        "from core3d_search import cli\n"
        "try: cli.main()\n"
        "except SystemExit: pass\n"
        "print('LOADED', [name for name in {heavy!r} if name in sys.modules])\n"
    ).format(arguments=arguments, heavy=(*HEAVY, "sqlalchemy", "numpy"))
    assert "LOADED []" in start("-c", code).stdout


def test_a_search_by_words_loads_no_perception(known_db):
    """The encoder of this database is NumPy's; so is everything else that a search needs."""
    code = (
        "import sys; sys.path.insert(0, {tests!r})\n"
        "from core3d_search import plugins, Searcher\n"
        "plugins.BUILT_IN['core3d.encoders']['nouns'] = 'fakes:NounEncoder'\n"
        "with Searcher.open({db!r}) as searcher: print(len(searcher.search('chair near window')))\n"
        "print('LOADED', [name for name in {heavy!r} if name in sys.modules])\n"
    ).format(tests=str(ROOT / "tests"), db=str(known_db), heavy=HEAVY)
    done = start("-c", code)
    assert "LOADED []" in done.stdout, done.stdout + done.stderr


def run_main(monkeypatch, action):
    monkeypatch.setattr(cli, "app", action)
    with pytest.raises(SystemExit) as stop:
        cli.main()
    return stop.value.code


def raising(error):
    def action():
        raise error

    return action


def test_what_core3d_refuses_is_one_line_on_stderr_and_exit_code_1(monkeypatch, capsys):
    assert run_main(monkeypatch, raising(Core3DError("the file is gone"))) == 1
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "core3d: the file is gone\n")


def test_ctrl_c_is_exit_code_130_and_says_what_is_kept(monkeypatch, capsys):
    assert run_main(monkeypatch, raising(KeyboardInterrupt())) == 130
    assert capsys.readouterr().err == "core3d: stopped; what was finished before is kept\n"


def test_a_bug_is_not_dressed_up_as_a_mistake_of_the_user(monkeypatch):
    monkeypatch.setattr(cli, "app", raising(ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        cli.main()


def test_a_reader_that_goes_away_is_no_error():
    command = [sys.executable, "-m", "core3d_search.cli", "formats"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        said = process.stderr.read().decode()
        assert process.wait() in (0, 1, -13)
    assert "Traceback" not in said
