"""The tables. SQL that SQLite and PostgreSQL both speak: integer keys, named constraints, cascades, no vendor types.

SQLAlchemy Core, not its ORM: rows arrive in bulk and leave as arrays, and a cold search saves 0.1 s of imports.
A change here needs a new file in core3d_search/migrations/versions; a test compares the two.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

# SQLite numbers rows by itself only in a column declared INTEGER.
KEY = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


def _key() -> Column[int]:
    return Column("id", KEY, primary_key=True)


def _checksum() -> Column[int]:
    """Of all other values of the row (schema/checksums.py); always the last column."""
    return Column("row_checksum", BigInteger, nullable=False, server_default="-1")


def _belongs_to(column: str, table: str, **options: Any) -> Column[int]:
    """A foreign key whose row goes with its owner; never null unless told."""
    return Column(column, KEY, ForeignKey(f"{table}.id", ondelete="CASCADE"), **{"nullable": False, **options})


store = Table(
    "store",
    metadata,
    _key(),
    Column("generation", BigInteger, nullable=False),
    Column("written_by", String(64), nullable=False),
    CheckConstraint("id = 1", name="one_row"),
    comment="one row; keep these columns for ever: older versions read them to say who wrote a newer database",
)

scenes = Table(
    "scenes",
    metadata,
    _key(),
    Column("name", String(255), nullable=False, unique=True),
    Column("path", String(1024), nullable=False, unique=True),
    Column("format", String(64), nullable=False),
    Column("up", JSON(none_as_null=True)),
    Column("origin", JSON(none_as_null=True), comment="metres to add to the coordinates for those of the source"),
    Column("generation", BigInteger, nullable=False, server_default="0", comment="of the store at the last change"),
    _checksum(),
    sqlite_autoincrement=True,
)

frames = Table(
    "frames",
    metadata,
    _key(),
    _belongs_to("scene_id", "scenes"),
    Column("number", Integer, nullable=False),
    Column("height", Integer),
    Column("width", Integer),
    Column("intrinsics", JSON(none_as_null=True)),
    Column("world_from_camera", JSON(none_as_null=True)),
    Column("skipped", Text, comment="why the frame was skipped; null where it was used"),
    _checksum(),
    UniqueConstraint("scene_id", "number"),
)

embedding_models = Table(
    "embedding_models",
    metadata,
    _key(),
    Column("name", String(255), nullable=False),
    Column("checksum", String(128), nullable=False),
    Column("dimension", Integer, nullable=False),
    Column("calibration", JSON, nullable=False),
    _checksum(),
    UniqueConstraint("name", "checksum"),
    sqlite_autoincrement=True,
)

runs = Table(
    "runs",
    metadata,
    _key(),
    _belongs_to("scene_id", "scenes", index=True),
    Column("embedding_model_id", KEY, ForeignKey("embedding_models.id")),
    Column("status", String(16), nullable=False),
    Column("started", String(32), nullable=False, comment="ISO 8601, UTC"),
    Column("seconds", Double, nullable=False),
    Column("fingerprint", String(128), nullable=False, comment="of the input that the run saw"),
    Column("config", JSON, nullable=False),
    Column("config_checksum", String(128), nullable=False),
    Column("mask_generator", String(255), nullable=False),
    Column("mask_generator_checksum", String(128), nullable=False),
    Column("core3d_version", String(64), nullable=False),
    Column("library_versions", JSON, nullable=False),
    Column("frame_count", Integer, nullable=False),
    Column("skipped_count", Integer, nullable=False),
    Column("mask_count", Integer, nullable=False),
    Column("observation_count", Integer, nullable=False),
    Column("object_count", Integer, nullable=False),
    Column("stage_seconds", JSON, nullable=False),
    Column("error", Text),
    _checksum(),
    CheckConstraint("status IN ('complete', 'failed')", name="status"),
    sqlite_autoincrement=True,
)

# Keys are never used twice, so an id in an old answer never names another object.
objects = Table(
    "objects",
    metadata,
    _key(),
    _belongs_to("scene_id", "scenes", index=True),
    _belongs_to("run_id", "runs", index=True),
    Column("label", String(255), index=True),
    Column("label_score", Double),
    Column("center_x", Double, nullable=False),
    Column("center_y", Double, nullable=False),
    Column("center_z", Double, nullable=False),
    Column("extent_x", Double, nullable=False),
    Column("extent_y", Double, nullable=False),
    Column("extent_z", Double, nullable=False),
    Column("rotation", LargeBinary, nullable=False, comment="world_from_box, 9 float64, row by row"),
    Column("front", JSON(none_as_null=True)),
    Column("observation_count", Integer, nullable=False),
    Column("point_count", Integer, nullable=False),
    Column("mean_color", Integer, nullable=False, comment="0xRRGGBB"),
    Column("dominant_color", Integer, nullable=False, comment="0xRRGGBB"),
    Column("views", JSON, nullable=False),
    _checksum(),
    sqlite_autoincrement=True,
)

# Apart from `objects`, so that ranking reads small rows only.
object_points = Table(
    "object_points",
    metadata,
    _belongs_to("object_id", "objects", primary_key=True, autoincrement=False),
    Column("points", LargeBinary, nullable=False),
    Column("colors", LargeBinary, nullable=False),
    _checksum(),
)

observations = Table(
    "observations",
    metadata,
    _key(),
    _belongs_to("object_id", "objects", index=True),
    _belongs_to("frame_id", "frames", index=True),
    Column("level", Integer, nullable=False),
    Column("score", Double, nullable=False),
    Column("x0", Double, nullable=False),
    Column("y0", Double, nullable=False),
    Column("x1", Double, nullable=False),
    Column("y1", Double, nullable=False),
    Column("visible_pixels", Integer, nullable=False),
    Column("embedding", LargeBinary, comment="float32, in the space of the object's run; null where not kept"),
    _checksum(),
)

embeddings = Table(
    "embeddings",
    metadata,
    _belongs_to("object_id", "objects", primary_key=True, autoincrement=False),
    _belongs_to("embedding_model_id", "embedding_models", primary_key=True, autoincrement=False),
    Column("vector", LargeBinary, nullable=False),
    _checksum(),
    Index(None, "embedding_model_id", "object_id"),
)

query_embeddings = Table(
    "query_embeddings",
    metadata,
    _belongs_to("embedding_model_id", "embedding_models", primary_key=True, autoincrement=False),
    Column("text", String(512), primary_key=True),
    Column("vector", LargeBinary, nullable=False),
    _checksum(),
)

query_readings = Table(
    "query_readings",
    metadata,
    Column("request", String(64), primary_key=True, comment="SHA-256 of the endpoint and what it was sent"),
    Column("reading", Text, nullable=False, comment="the checked answer, query/plain.py as JSON"),
    _checksum(),
)

vector_indexes = Table(
    "vector_indexes",
    metadata,
    _belongs_to("embedding_model_id", "embedding_models", primary_key=True, autoincrement=False),
    Column("kind", String(32), primary_key=True),
    Column("generation", BigInteger, nullable=False),
    Column("embedding_count", Integer, nullable=False),
    Column("checksum", String(64), nullable=False, comment="SHA-256 of the index file that this row vouches for"),
)

thumbnails = Table(
    "thumbnails",
    metadata,
    _belongs_to("object_id", "objects", primary_key=True, autoincrement=False),
    Column("webp", LargeBinary, nullable=False),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    _checksum(),
)

# What people say about scenes and objects; apart from what was found, which an indexing run replaces.
scene_tags = Table(
    "scene_tags",
    metadata,
    _belongs_to("scene_id", "scenes", primary_key=True, autoincrement=False),
    Column("tag", String(64), primary_key=True, index=True),
    _checksum(),
)

object_tags = Table(
    "object_tags",
    metadata,
    _belongs_to("object_id", "objects", primary_key=True, autoincrement=False),
    Column("tag", String(64), primary_key=True, index=True),
    _checksum(),
)

scene_notes = Table(
    "scene_notes",
    metadata,
    _belongs_to("scene_id", "scenes", primary_key=True, autoincrement=False),
    Column("text", Text, nullable=False),
    Column("properties", JSON, nullable=False, comment="names and values, free"),
    _checksum(),
)

object_notes = Table(
    "object_notes",
    metadata,
    _belongs_to("object_id", "objects", primary_key=True, autoincrement=False),
    Column("text", Text, nullable=False),
    Column("properties", JSON, nullable=False, comment="names and values, free"),
    _checksum(),
)
