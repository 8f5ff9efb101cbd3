"""The store's tables. Moments are seconds since 1970 by the database's clock; a change needs a migration."""

from sqlalchemy import Column, Float, Integer, MetaData, String, Table, Text, UniqueConstraint

VERSION_TABLE = "dalmeum_schema"
"""Alembic's, of a name of its own: that of others, whose migrations would overwrite it, is another."""

metadata = MetaData()

CLAIMS = Table(
    "dalmeum_claims",
    metadata,
    Column("idea", String, primary_key=True),
    Column("author", String, nullable=False),
    Column("since", Float, nullable=False),
    Column("until", Float, nullable=False),
)

SUBMISSIONS = Table(
    "dalmeum_submissions",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("author", String, nullable=False),
    Column("sha256", String, nullable=False),
    Column("submitted", Float, nullable=False),
    Column("manifest", Text, nullable=False),
    Column("scores", Text, nullable=False),
    Column("public", Float),
    UniqueConstraint("author", "sha256"),
)
"""`manifest` and `scores` are JSON; `public` is what the board answered."""

QUOTA = Table(
    "dalmeum_quota",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("per_day", Integer, nullable=False),
    Column("time_zone", String, nullable=False),
)
"""One row, or none."""

RUNS = Table(
    "dalmeum_runs",
    metadata,
    Column("content", String, primary_key=True),
    Column("idea", String, nullable=False, index=True),
    Column("run", String, nullable=False),
    Column("author", String),
    Column("outcome", String),
    Column("mlflow_id", String, unique=True),
    Column("recorded", Float, nullable=False),
)
"""Runs that somebody of the team has finished: by all that decides their result, and by all but its draws."""
