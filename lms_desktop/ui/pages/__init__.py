"""Pages of the window, one a file."""
