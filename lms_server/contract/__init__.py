"""What desktop and server agree on; standard library, msgspec and SQLAlchemy Core only."""
