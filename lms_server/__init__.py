"""The small server of LMS Desktop; this loads nothing more, so that the desktop can take the contract alone."""
