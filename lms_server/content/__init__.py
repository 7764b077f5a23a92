"""Course packages and foreign formats, read into one model."""
