"""`import core3d_search` shows the whole public interface, and loads none of it before it is used."""

import pydoc
import subprocess
import sys
from pathlib import Path

import core3d_search

ROOT = Path(__file__).resolve().parents[1]


def test_help_shows_every_public_name_with_its_documentation():
    shown = pydoc.render_doc(core3d_search, renderer=pydoc.plaintext)
    for name in set(core3d_search.__all__) - {"__version__"}:
        assert name in shown, name
    assert "Return at most `k` objects that fit, best first" in shown  # Searcher.search
    assert f"VERSION\n    {core3d_search.__version__}" in shown
    assert set(core3d_search.__all__) <= set(dir(core3d_search))


def test_the_introduction_names_every_public_name():
    for name in core3d_search.__all__:
        assert name == "__version__" or f"`{name}`" in core3d_search.__doc__, name


def test_every_public_name_is_documented_on_the_site():
    """Each module that a public name is from stands on a page of docs/api."""
    pages = "\n".join(page.read_text(encoding="utf-8") for page in (ROOT / "docs" / "api").glob("*.md"))
    for name, home in core3d_search._HOME.items():
        module = getattr(core3d_search, name).__module__
        assert f"::: {home}\n" in pages + "\n" or f"::: {module}\n" in pages + "\n", (name, home, module)


def test_importing_it_loads_nothing():
    code = "import sys, core3d_search; print([name for name in sys.modules if name.startswith('core3d_search')])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['core3d_search.version', 'core3d_search']"


def test_a_name_that_is_not_there_is_an_attribute_error():
    assert not hasattr(core3d_search, "Sercher")
