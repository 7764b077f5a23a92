"""The steps by the version that they lead to; plain SQL, for the tables of the code go on changing and a step may not.

Version 1 is the first. A step to version 2 would be ``def add_language(conn): conn.execute(text("ALTER TABLE …"))``
under ``2`` in STEPS, with ``SCHEMA_VERSION = 2`` in the layout and a file of version 2 among the tests' data.
"""

from collections.abc import Callable

from sqlalchemy import Connection

Step = Callable[[Connection], None]

STEPS: dict[int, Step] = {}
