"""The documentation says what the code says: folders, defaults of the method, commands, and the README's tables."""

import importlib
import itertools
import json
import re
from pathlib import Path

import pytest
import typer

from core3d_search import plugins
from core3d_search.cli import app
from core3d_search.indexer.config import IndexConfig

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "core3d_search"


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def cells(line: str) -> list[str]:
    """Return the cells of a row of a Markdown table."""
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def folders() -> set[str]:
    """Every folder of the package that holds Python, relative to it."""
    return {f"{path.parent.relative_to(PACKAGE).as_posix()}/" for path in PACKAGE.rglob("*.py")} - {"./"}


def test_every_folder_has_its_line_in_the_architecture_and_no_line_is_stale():
    told = set(re.findall(r"^\| `([a-z_/]+/)` \|", read("docs/architecture.md"), re.MULTILINE))
    assert told == folders()


def test_defaults_told_in_the_method_are_those_of_the_config():
    config = IndexConfig().to_dict()
    told = 0
    for line in read("docs/method.md").splitlines():
        row = cells(line) if line.startswith("|") else []
        for key, value in itertools.pairwise(row):
            if match := re.fullmatch(r"`([a-z]+)\.([a-z_]+)`", key):
                assert json.loads(value.strip("`")) == config[match[1]][match[2]], key
                told += 1
    assert told >= 20


def test_code_that_cites_the_method_cites_a_section_that_is_there():
    sections = set(re.findall(r"^## (\d)\. ", read("docs/method.md"), re.MULTILINE))
    cited = set()
    for path in PACKAGE.rglob("*.py"):
        code = path.read_text(encoding="utf-8")
        cited.update(re.findall(r"method\.md,? section (\d)", code))
        assert not re.search(r"\bMETHOD\b", code), f"{path} cites a page that is not shipped"
    assert len(cited) >= 3
    assert cited <= sections


def test_every_page_is_in_the_navigation():
    pages = {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    assert set(re.findall(r"([\w/-]+\.md)$", read("mkdocs.yml"), re.MULTILINE)) == pages | {"cli.md"}


@pytest.mark.parametrize("page", sorted((ROOT / "docs").rglob("*.md")), ids=lambda page: page.name)
def test_every_link_of_a_page_leads_somewhere(page):
    for target in re.findall(r"\]\((?!http|#)([^)#]+)", page.read_text(encoding="utf-8")):
        assert target == "cli.md" or (page.parent / target).exists(), target


def test_links_to_the_code_become_names_on_the_site():
    pytest.importorskip("mkdocs", reason="needs the extra docs")
    mend = importlib.import_module("docs.hooks").on_page_markdown
    assert mend("see [scoring](../core3d_search/search/scoring.py#L3).") == (
        "see scoring (`core3d_search/search/scoring.py`)."
    )
    assert mend("[`core3d_search/a.py`](../core3d_search/a.py) and [method](method.md)") == (
        "`core3d_search/a.py` and [method](method.md)"
    )


def test_the_page_of_the_command_line_names_every_command():
    pytest.importorskip("mkdocs", reason="needs the extra docs")
    page = importlib.import_module("docs.hooks").command_line_reference()
    for name, command in typer.main.get_command(app).commands.items():
        assert f"`core3d {name}`" in page
        for inner in getattr(command, "commands", {}):
            assert f"`core3d {name} {inner}`" in page


@pytest.mark.parametrize(
    ("group", "heading", "column"),
    [("core3d.readers", "scans (", 1), ("core3d.masks", "`--masks`", 0), ("core3d.encoders", "`--encoder`", 0)],
)
def test_a_table_of_the_readme_names_what_is_registered(group, heading, column):
    lines = read("README.md").splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(f"| {heading}"))
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows += re.findall(r"`([^`]+)`", cells(line)[column])
    assert sorted(rows) == sorted(plugins.BUILT_IN[group])
