"""Spanish: room on the laptop, and the folder that the app lies in."""
# ruff: noqa: E501 - a text stands on one line, so that it can be searched for

WORDS: dict[str, str | tuple[str, ...]] = {
    "{size} for my courses": "{size} para mis cursos",
    "{size} for other learners' courses": "{size} para cursos de otras personas",
    "Everything new in my courses": "Todo lo nuevo de mis cursos",
    "Not enough room for everything new. Choose some courses, or make room first.": "No hay sitio para todo lo nuevo. Elige algunos cursos o haz sitio antes.",
    "{name} copies the folder of this app to other computers": "{name} copia la carpeta de esta aplicación a otros equipos",
    "Another program copies the folder of this app to other computers": "Otro programa copia la carpeta de esta aplicación a otros equipos",
    "The folder of this app is on a network drive": "La carpeta de esta aplicación está en una unidad de red",
    "The folder of this app moves from computer to computer": "La carpeta de esta aplicación se mueve de un equipo a otro",
    "Your work is safe on this laptop. Two computers that write it at once may damage it: ask who looks after this laptop to move the folder to its own disk.": "Tu trabajo está a salvo en este portátil. Si dos equipos escriben a la vez, puede dañarse: pide a quien cuida este portátil que pase la carpeta a su propio disco.",
    "Copies that were made of it are not used: {files}": "Las copias que se hicieron no se usan: {files}",
}
