"""What is to be feared of the folder that the profile lies in, said on the pages that learners look at."""

from collections.abc import Sequence

from lms_desktop.store.drive import Kind, Risk
from lms_desktop.ui.texts import tr
from lms_desktop.ui.widgets.banner import Banner
from lms_desktop.ui.widgets.button import Button


def warning(risk: Risk, buttons: Sequence[Button] = ()) -> Banner:
    """What is to be feared of the folder, and what to do."""
    titles = {
        Kind.SYNCED: tr("{name} copies the folder of this app to other computers", name=risk.name),
        Kind.NETWORK: tr("The folder of this app is on a network drive"),
        Kind.ROAMING: tr("The folder of this app moves from computer to computer"),
    }
    title = titles[risk.kind]
    if risk.kind is Kind.SYNCED and not risk.name:
        title = tr("Another program copies the folder of this app to other computers")
    sentence = tr(
        "Your work is safe on this laptop. Two computers that write it at once may damage it: ask who looks after this"
        " laptop to move the folder to its own disk."
    )
    copies = (
        tr("Copies that were made of it are not used: {files}", files=", ".join(risk.copies)) if risk.copies else ""
    )
    return Banner("attention", title, f"{sentence} {copies}".strip(), buttons)


def mark_of(risk: Risk) -> str:
    """What a page notes when somebody has read of this risk; another one is told anew."""
    return "|".join((risk.kind, risk.name, *risk.copies))
