"""Claims, submissions, their quota, and the runs of the team."""

import sqlalchemy as sa
from alembic import op

revision = "1"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "dalmeum_claims",
        sa.Column("idea", sa.String, primary_key=True),
        sa.Column("author", sa.String, nullable=False),
        sa.Column("since", sa.Float, nullable=False),
        sa.Column("until", sa.Float, nullable=False),
    )
    op.create_table(
        "dalmeum_submissions",
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("author", sa.String, nullable=False),
        sa.Column("sha256", sa.String, nullable=False),
        sa.Column("submitted", sa.Float, nullable=False),
        sa.Column("manifest", sa.Text, nullable=False),
        sa.Column("scores", sa.Text, nullable=False),
        sa.Column("public", sa.Float),
        sa.UniqueConstraint("author", "sha256"),
    )
    op.create_table(
        "dalmeum_quota",
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("per_day", sa.Integer, nullable=False),
        sa.Column("time_zone", sa.String, nullable=False),
    )
    op.create_table(
        "dalmeum_runs",
        sa.Column("content", sa.String, primary_key=True),
        sa.Column("idea", sa.String, nullable=False, index=True),
        sa.Column("run", sa.String, nullable=False),
        sa.Column("author", sa.String),
        sa.Column("outcome", sa.String),
        sa.Column("mlflow_id", sa.String, unique=True),
        sa.Column("recorded", sa.Float, nullable=False),
    )
