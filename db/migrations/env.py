"""Alembic's entry: runs the migrations on the connection that `db.migrate` opened."""

from alembic import context

from db.migrate import compared
from db.models import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    include_object=compared,
    render_as_batch=True,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
