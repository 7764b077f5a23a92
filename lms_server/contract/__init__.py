"""What desktop and server agree on: commands, tables, rules, wire format. Standard library, msgspec and SQLAlchemy Core only."""
