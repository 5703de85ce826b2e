"""Checksums of rows, tags and notes, thumbnails, the generation and origin of scenes."""

import sqlalchemy as sa
from alembic import op

from core3d_search.schema.checksums import row_checksum

revision = "0003"
down_revision = "0002"

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

KEYS = {"query_embeddings": ("embedding_model_id", "text"), "query_readings": ("request",)}
KEYS |= {"object_points": ("object_id",), "embeddings": ("object_id", "embedding_model_id")}

COVERED = {
    "embedding_models": "id name checksum dimension calibration",
    "scenes": "id name path format up origin generation",
    "frames": "scene_id number height width intrinsics world_from_camera skipped",
    "query_embeddings": "embedding_model_id text vector",
    "query_readings": "request reading",
    "runs": "id scene_id embedding_model_id status started seconds fingerprint config config_checksum mask_generator "
    "mask_generator_checksum core3d_version library_versions frame_count skipped_count mask_count observation_count "
    "object_count stage_seconds error",
    "objects": "id scene_id run_id label label_score center_x center_y center_z extent_x extent_y extent_z rotation "
    "front observation_count point_count mean_color dominant_color views",
    "object_points": "object_id points colors",
    "observations": "object_id frame_id level score x0 y0 x1 y1 visible_pixels embedding",
    "embeddings": "object_id embedding_model_id vector",
}
"""The columns that a row's checksum covers, in their order; `row_checksum` counts what this revision wrote."""

BATCH = 1000


def upgrade() -> None:
    op.add_column("scenes", sa.Column("origin", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("scenes", sa.Column("generation", sa.BigInteger(), server_default="0", nullable=False))
    op.execute("UPDATE scenes SET generation = (SELECT generation FROM store)")
    for table, columns in COVERED.items():
        op.add_column(table, _checksum())
        _seal(table, columns.split())
    op.create_index(op.f("ix_objects_label"), "objects", ["label"])
    op.create_table(
        "thumbnails",
        sa.Column("object_id", KEY, autoincrement=False, nullable=False),
        sa.Column("webp", sa.LargeBinary(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        _checksum(),
        *_owned("thumbnails", "object"),
    )
    for owner in ("scene", "object"):
        op.create_table(
            f"{owner}_tags",
            sa.Column(f"{owner}_id", KEY, autoincrement=False, nullable=False),
            sa.Column("tag", sa.String(length=64), nullable=False),
            _checksum(),
            *_owned(f"{owner}_tags", owner, "tag"),
        )
        op.create_index(op.f(f"ix_{owner}_tags_tag"), f"{owner}_tags", ["tag"])
        op.create_table(
            f"{owner}_notes",
            sa.Column(f"{owner}_id", KEY, autoincrement=False, nullable=False),
            sa.Column("text", sa.Text(), nullable=False),
            sa.Column("properties", sa.JSON(), nullable=False),
            _checksum(),
            *_owned(f"{owner}_notes", owner),
        )


def _checksum() -> sa.Column[int]:
    return sa.Column("row_checksum", sa.BigInteger(), server_default="-1", nullable=False)


def _owned(table: str, owner: str, *more: str) -> tuple[sa.Constraint, ...]:
    return (
        sa.ForeignKeyConstraint(
            [f"{owner}_id"], [f"{owner}s.id"], name=op.f(f"fk_{table}_{owner}_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint(f"{owner}_id", *more, name=op.f(f"pk_{table}")),
    )


def _seal(table: str, columns: list[str]) -> None:
    """Give every row that is there its checksum; what was damaged before is vouched for as it is."""
    connection = op.get_bind()
    keys = KEYS.get(table, ("id",))
    is_json = {c["name"]: isinstance(c["type"], sa.JSON) for c in sa.inspect(connection).get_columns(table)}
    texts = [f"CAST({name} AS TEXT)" if is_json[name] else name for name in columns]
    found = connection.execute(sa.text(f"SELECT {', '.join([*keys, *texts])} FROM {table}"))
    matches = " AND ".join(f"{name} = :key_{name}" for name in keys)
    keep = sa.text(f"UPDATE {table} SET row_checksum = :checksum WHERE {matches}")
    while rows := found.fetchmany(BATCH):
        made = []
        for row in rows:
            key, values = row[: len(keys)], row[len(keys) :]
            made.append({f"key_{name}": value for name, value in zip(keys, key, strict=True)})
            made[-1]["checksum"] = row_checksum(values)
        connection.execute(keep, made)
