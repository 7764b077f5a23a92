"""The demo's story is a test too: real server process, real window, clicks."""

import pytest

from tests.flows.story import Story


@pytest.mark.timeout(300)
def test_the_whole_story(qapp, tmp_path):
    story = Story(tmp_path / "demo")
    is_good = story.tell()
    assert is_good, story.told[-1]
    left = {path.name for path in story.folder.iterdir()}
    assert {"certificate.pdf", "mail.eml", "summary.md"} <= left
    assert len([name for name in left if name.endswith(".png")]) >= 8
