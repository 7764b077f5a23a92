"""How a long-running process keeps its memory in order."""

import gc

# A batch makes tens of thousands of plain values and hardly a cycle; the default looks at them all every 700.
_YOUNG = 20_000


def collect_rarely() -> None:
    """Call it once, when everything is loaded: what is there stays, and garbage is looked for less often.

    The collector's default rhythm took a fifth of a long sync.
    """
    gc.freeze()
    gc.set_threshold(_YOUNG, 20, 20)
