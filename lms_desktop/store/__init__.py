"""Local truth; the only package here that knows SQL."""
