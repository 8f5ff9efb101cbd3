"""What Alembic runs a migration in: the connection, and the transaction, of who asks for it."""

from alembic import context

from dalmeum.competition.store.schema import VERSION_TABLE, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
)
context.run_migrations()
