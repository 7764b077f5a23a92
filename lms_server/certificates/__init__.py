"""A certificate row to signed facts and PDF bytes, and back."""
