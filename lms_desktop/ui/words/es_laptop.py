"""Spanish words of what a learner does with this laptop: PIN, waiting, notices, the app's own place."""
# ruff: noqa: E501 - a text stands on one line, so that it can be searched for

WORDS: dict[str, str | tuple[str, ...]] = {
    "Stop waiting": "No esperar más",
    "Asking {place}": "Preguntando a {place}",
    "Opening the sample course": "Abriendo el curso de muestra",
    "Opening the courses of {name}": "Abriendo los cursos de {name}",
    "PIN": "PIN",
    "Forgotten? Sign in with the password": "¿Se olvidó? Entrar con la contraseña",
    "Type the PIN to open the courses.": "Escribe el PIN para abrir los cursos.",
    "This is not the PIN. Try again.": "Este no es el PIN. Inténtalo de nuevo.",
    "Set a PIN": "Poner un PIN",
    "Set a PIN…": "Poner un PIN…",
    "Set the PIN": "Poner el PIN",
    "Remove the PIN": "Quitar el PIN",
    "The same again": "Otra vez el mismo",
    "At least {n} figures or letters.": ("Al menos {n} cifra o letra.", "Al menos {n} cifras o letras."),
    "This is not the same. Type it again.": "No es el mismo. Escríbelo otra vez.",
    "A PIN keeps others who use this laptop from your pages. It is a curtain, not a lock: the files on the disk are not encrypted.": "Con un PIN, quienes usan este portátil no entran en tus páginas. Es una cortina, no una cerradura: los archivos del disco no están cifrados.",
    "The courses of {name} open with a PIN": "Los cursos de {name} se abren con un PIN",
    "Ask who is learning": "Preguntar quién aprende",
}
