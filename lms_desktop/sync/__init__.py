"""Talking to the server; no Qt and no SQL here."""
