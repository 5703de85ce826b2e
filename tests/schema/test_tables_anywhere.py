"""The tables stay what every database understands."""

import pytest
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from core3d_search.schema.tables import metadata


@pytest.mark.parametrize("table", metadata.sorted_tables, ids=lambda table: table.name)
def test_postgresql_understands_every_table(table) -> None:
    told = str(CreateTable(table).compile(dialect=postgresql.dialect()))
    assert "AUTOINCREMENT" not in told
    if any(column.name.endswith("id") for column in table.primary_key):
        assert "BIGINT" in told or "BIGSERIAL" in told
    for index in table.indexes:
        assert table.name in str(CreateIndex(index).compile(dialect=postgresql.dialect()))


@pytest.mark.parametrize("name", ["scenes", "objects", "runs", "embedding_models"])
def test_keys_that_people_see_are_never_used_twice(name: str) -> None:
    assert "AUTOINCREMENT" in str(CreateTable(metadata.tables[name]).compile(dialect=sqlite.dialect()))


def test_everything_but_the_model_of_a_run_goes_with_its_owner() -> None:
    kept = {str(key.parent) for table in metadata.sorted_tables for key in table.foreign_keys if not key.ondelete}
    assert kept == {"runs.embedding_model_id"}


def test_every_reference_can_be_found_by_an_index() -> None:
    for table in metadata.sorted_tables:
        leading = {next(iter(index.columns)).name for index in table.indexes}
        leading |= {next(iter(table.primary_key.columns)).name}
        leading |= {
            next(iter(constraint.columns)).name
            for constraint in table.constraints
            if constraint.__visit_name__ == "unique_constraint"
        }
        cascading = {key.parent.name for key in table.foreign_keys if key.ondelete}
        assert cascading <= leading, f"deleting an owner would scan all of {table.name}"
