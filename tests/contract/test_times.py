"""Times on the wire: one way to write them, every RFC 3339 spelling read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms_server.contract.times import EARLIEST, LATEST, from_wire, to_wire


@given(st.integers(EARLIEST, LATEST))
def test_a_time_reads_the_same_in_every_spelling(ms):
    text = to_wire(ms)
    spellings = (text, text.replace("Z", "+00:00"), text.replace("Z", "0Z"), text.replace("Z", "000-00:00"))
    assert {from_wire(spelling) for spelling in spellings} == {ms}


@pytest.mark.parametrize("odd", ["2026-11-22T10:00:00.٣٣٣Z", "2026-11-22T10:00:00.12 Z", "2026-11-22 10:00:00.123Z"])
def test_a_time_that_only_looks_like_one_is_refused(odd):
    with pytest.raises(ValueError, match="RFC 3339"):
        from_wire(odd)


def test_a_time_of_endless_digits_is_refused_and_not_remembered():
    with pytest.raises(ValueError, match="RFC 3339"):
        from_wire(f"2026-11-22T10:00:00.{'0' * 100_000}Z")
