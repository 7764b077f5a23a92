"""Painted parts that pages are built from."""
