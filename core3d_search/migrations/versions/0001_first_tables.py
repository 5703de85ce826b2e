"""First tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "embedding_models",
        sa.Column("id", KEY, nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("checksum", sa.String(length=128), nullable=False),
        sa.Column("dimension", sa.Integer(), nullable=False),
        sa.Column("calibration", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_embedding_models")),
        sa.UniqueConstraint("name", "checksum", name=op.f("uq_embedding_models_name_checksum")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "scenes",
        sa.Column("id", KEY, nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("path", sa.String(length=1024), nullable=False),
        sa.Column("format", sa.String(length=64), nullable=False),
        sa.Column("up", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scenes")),
        sa.UniqueConstraint("name", name=op.f("uq_scenes_name")),
        sa.UniqueConstraint("path", name=op.f("uq_scenes_path")),
        sqlite_autoincrement=True,
    )
    store = op.create_table(
        "store",
        sa.Column("id", KEY, nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("written_by", sa.String(length=64), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_store_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_store")),
        comment="one row; keep these columns for ever: older versions read them to say who wrote a newer database",
    )
    op.bulk_insert(store, [{"id": 1, "generation": 0, "written_by": ""}])
    op.create_table(
        "frames",
        sa.Column("id", KEY, nullable=False),
        sa.Column("scene_id", KEY, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("intrinsics", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("world_from_camera", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("skipped", sa.Text(), nullable=True, comment="why the frame was skipped; null where it was used"),
        sa.ForeignKeyConstraint(["scene_id"], ["scenes.id"], name=op.f("fk_frames_scene_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_frames")),
        sa.UniqueConstraint("scene_id", "number", name=op.f("uq_frames_scene_id_number")),
    )
    op.create_table(
        "query_embeddings",
        sa.Column("embedding_model_id", KEY, autoincrement=False, nullable=False),
        sa.Column("text", sa.String(length=512), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["embedding_model_id"],
            ["embedding_models.id"],
            name=op.f("fk_query_embeddings_embedding_model_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("embedding_model_id", "text", name=op.f("pk_query_embeddings")),
    )
    op.create_table(
        "runs",
        sa.Column("id", KEY, nullable=False),
        sa.Column("scene_id", KEY, nullable=False),
        sa.Column("embedding_model_id", KEY, nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("started", sa.String(length=32), nullable=False, comment="ISO 8601, UTC"),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("fingerprint", sa.String(length=128), nullable=False, comment="of the input that the run saw"),
        sa.Column("config", sa.JSON(), nullable=False),
        sa.Column("config_checksum", sa.String(length=128), nullable=False),
        sa.Column("mask_generator", sa.String(length=255), nullable=False),
        sa.Column("mask_generator_checksum", sa.String(length=128), nullable=False),
        sa.Column("core3d_version", sa.String(length=64), nullable=False),
        sa.Column("library_versions", sa.JSON(), nullable=False),
        sa.Column("frame_count", sa.Integer(), nullable=False),
        sa.Column("skipped_count", sa.Integer(), nullable=False),
        sa.Column("mask_count", sa.Integer(), nullable=False),
        sa.Column("observation_count", sa.Integer(), nullable=False),
        sa.Column("object_count", sa.Integer(), nullable=False),
        sa.Column("stage_seconds", sa.JSON(), nullable=False),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint("status IN ('complete', 'failed')", name=op.f("ck_runs_status")),
        sa.ForeignKeyConstraint(
            ["embedding_model_id"], ["embedding_models.id"], name=op.f("fk_runs_embedding_model_id")
        ),
        sa.ForeignKeyConstraint(["scene_id"], ["scenes.id"], name=op.f("fk_runs_scene_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_runs_scene_id"), "runs", ["scene_id"])

    op.create_table(
        "vector_indexes",
        sa.Column("embedding_model_id", KEY, autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("generation", sa.BigInteger(), nullable=False),
        sa.Column("embedding_count", sa.Integer(), nullable=False),
        sa.Column(
            "checksum",
            sa.String(length=64),
            nullable=False,
            comment="SHA-256 of the index file that this row vouches for",
        ),
        sa.ForeignKeyConstraint(
            ["embedding_model_id"],
            ["embedding_models.id"],
            name=op.f("fk_vector_indexes_embedding_model_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("embedding_model_id", "kind", name=op.f("pk_vector_indexes")),
    )
    op.create_table(
        "objects",
        sa.Column("id", KEY, nullable=False),
        sa.Column("scene_id", KEY, nullable=False),
        sa.Column("run_id", KEY, nullable=False),
        sa.Column("label", sa.String(length=255), nullable=True),
        sa.Column("label_score", sa.Double(), nullable=True),
        sa.Column("center_x", sa.Double(), nullable=False),
        sa.Column("center_y", sa.Double(), nullable=False),
        sa.Column("center_z", sa.Double(), nullable=False),
        sa.Column("extent_x", sa.Double(), nullable=False),
        sa.Column("extent_y", sa.Double(), nullable=False),
        sa.Column("extent_z", sa.Double(), nullable=False),
        sa.Column("rotation", sa.LargeBinary(), nullable=False, comment="world_from_box, 9 float64, row by row"),
        sa.Column("front", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("observation_count", sa.Integer(), nullable=False),
        sa.Column("point_count", sa.Integer(), nullable=False),
        sa.Column("mean_color", sa.Integer(), nullable=False, comment="0xRRGGBB"),
        sa.Column("dominant_color", sa.Integer(), nullable=False, comment="0xRRGGBB"),
        sa.Column("views", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_objects_run_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["scene_id"], ["scenes.id"], name=op.f("fk_objects_scene_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_objects")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_objects_run_id"), "objects", ["run_id"])
    op.create_index(op.f("ix_objects_scene_id"), "objects", ["scene_id"])

    op.create_table(
        "embeddings",
        sa.Column("object_id", KEY, autoincrement=False, nullable=False),
        sa.Column("embedding_model_id", KEY, autoincrement=False, nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["embedding_model_id"],
            ["embedding_models.id"],
            name=op.f("fk_embeddings_embedding_model_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["object_id"], ["objects.id"], name=op.f("fk_embeddings_object_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("object_id", "embedding_model_id", name=op.f("pk_embeddings")),
    )
    op.create_index(
        op.f("ix_embeddings_embedding_model_id_object_id"), "embeddings", ["embedding_model_id", "object_id"]
    )

    op.create_table(
        "object_points",
        sa.Column("object_id", KEY, autoincrement=False, nullable=False),
        sa.Column("points", sa.LargeBinary(), nullable=False),
        sa.Column("colors", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["object_id"], ["objects.id"], name=op.f("fk_object_points_object_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("object_id", name=op.f("pk_object_points")),
    )
    op.create_table(
        "observations",
        sa.Column("id", KEY, nullable=False),
        sa.Column("object_id", KEY, nullable=False),
        sa.Column("frame_id", KEY, nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("x0", sa.Double(), nullable=False),
        sa.Column("y0", sa.Double(), nullable=False),
        sa.Column("x1", sa.Double(), nullable=False),
        sa.Column("y1", sa.Double(), nullable=False),
        sa.Column("visible_pixels", sa.Integer(), nullable=False),
        sa.Column(
            "embedding",
            sa.LargeBinary(),
            nullable=True,
            comment="float32, in the space of the object's run; null where not kept",
        ),
        sa.ForeignKeyConstraint(["frame_id"], ["frames.id"], name=op.f("fk_observations_frame_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["object_id"], ["objects.id"], name=op.f("fk_observations_object_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_observations")),
    )
    op.create_index(op.f("ix_observations_frame_id"), "observations", ["frame_id"])
    op.create_index(op.f("ix_observations_object_id"), "observations", ["object_id"])
