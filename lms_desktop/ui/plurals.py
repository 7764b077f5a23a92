"""Which form of a plural a number takes, after the Unicode plural rules of each language spoken here."""


def form(language: str, n: int) -> int:
    """The place of the form in a catalog's tuple; Arabic has zero, one, two, few, many, other."""
    if language == "ar":
        return _arabic(n)
    return 0 if n == 1 else 1


def forms(language: str) -> int:
    """How many forms a catalog must give."""
    return 6 if language == "ar" else 2


def _arabic(n: int) -> int:
    if n <= 2:
        return max(0, n)
    if 3 <= n % 100 <= 10:
        return 3
    return 4 if n % 100 >= 11 else 5
