"""The habits of this project: `nox -s test`, lint, fix, docs, coverage, bench; plain `nox` checks before a push.

Every session runs in the environment that nox itself was installed in (the README's `pip install '.[dev]'`), so none
of them downloads anything.
"""

import sys

import nox

nox.options.default_venv_backend = "none"
nox.options.sessions = ["lint", "test", "docs"]

PYTHON = (sys.executable, "-m")


@nox.session
def test(session: nox.Session) -> None:
    """Run the tests; what follows `--` goes to pytest."""
    session.run(*PYTHON, "pytest", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, types and the import rules."""
    session.run(*PYTHON, "ruff", "check", ".")
    session.run(*PYTHON, "ruff", "format", "--check", ".")
    session.run(*PYTHON, "mypy")
    session.run(sys.executable, "-c", "from importlinter.cli import lint_imports_command as lint; lint()")


@nox.session
def fix(session: nox.Session) -> None:
    """Mend what ruff can mend, and format."""
    session.run(*PYTHON, "ruff", "check", "--fix", ".", success_codes=[0, 1])
    session.run(*PYTHON, "ruff", "format", ".")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation into build/site; a broken link or reference fails."""
    session.run(*PYTHON, "mkdocs", "build", "--strict", *session.posargs)


@nox.session
def coverage(session: nox.Session) -> None:
    """Compare the coverage of the last tests with the floor of each package; `-- --run` runs the tests first."""
    if "--run" in session.posargs:
        session.run(*PYTHON, "pytest", env={"PYTEST_ADDOPTS": "--cov=core3d_search --cov-report="})
    session.run(sys.executable, ".ci/coverage_floors.py")


@nox.session
def bench(session: nox.Session) -> None:
    """Run a benchmark: `nox -s bench -- search.py --per-room 40 --record`; without a name, the quick ones."""
    if session.posargs:
        name, *arguments = session.posargs
        session.run(sys.executable, f"benchmarks/{name}", *arguments)
        return
    session.run(sys.executable, "benchmarks/vectors.py", "--counts", "1000", "20000")
    session.run(sys.executable, "benchmarks/perception.py", "--rooms", "1", "--frames", "12")
