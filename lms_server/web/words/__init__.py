"""The words of the pages: English text to its translation; a tuple holds the plural forms of a text about ``{n}``."""
