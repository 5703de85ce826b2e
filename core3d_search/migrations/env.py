"""Alembic's entry: runs on the connection, and in the transaction, that `upgrade` hands over."""

from alembic import context

from core3d_search.schema.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,  # SQLite has it too, once the driver leaves BEGIN to us (schema/engine.py)
    render_as_batch=True,  # SQLite changes a table by copying it
)
with context.begin_transaction():
    context.run_migrations()
