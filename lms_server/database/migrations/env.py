"""Alembic's entry: run the steps on the connection that the server hands over, in its transaction."""

from alembic import context

from lms_server.database.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
