"""The offline desktop app of LMS Desktop."""
