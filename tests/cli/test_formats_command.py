"""`core3d formats` names every registered reader with the files it expects."""

import json

from typer.testing import CliRunner

from core3d_search import plugins
from core3d_search.cli import app


def test_every_format_is_listed_with_its_files():
    listed = json.loads(CliRunner().invoke(app, ["formats", "--json"]).stdout)["formats"]
    assert {row["format"] for row in listed} == set(plugins.names("core3d.readers"))
    assert all(row["files"] for row in listed)


def test_people_get_a_table():
    result = CliRunner().invoke(app, ["formats"])
    assert result.exit_code == 0
    assert "transforms.json" in result.stdout
