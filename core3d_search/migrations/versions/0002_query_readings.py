"""Readings of query texts by an LLM."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "query_readings",
        sa.Column(
            "request", sa.String(length=64), nullable=False, comment="SHA-256 of the endpoint and what it was sent"
        ),
        sa.Column("reading", sa.Text(), nullable=False, comment="the checked answer, query/plain.py as JSON"),
        sa.PrimaryKeyConstraint("request", name=op.f("pk_query_readings")),
    )
