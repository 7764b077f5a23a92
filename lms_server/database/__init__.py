"""The server's engine, tables and migrations."""
