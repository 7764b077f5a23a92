"""Bring a course's files to this laptop: small ones many at a time, up to four large ones at once."""

from lms_desktop.sync.downloads.course import Download, Incomplete, bring
from lms_desktop.sync.downloads.line import Stopped

__all__ = ["Download", "Incomplete", "Stopped", "bring"]
