"""Country codes and their names."""

from functools import cache
from pathlib import Path


def clean_country(typed: str) -> str:
    code = typed.strip().upper()
    # Some letters become two in upper case: "ß" would become "SS", South Sudan. So accept only ASCII.
    is_known = typed.isascii() and code in countries()
    if not is_known:
        raise ValueError("Choose a country from the list")
    return code


@cache
def countries() -> dict[str, str]:
    """Return ISO 3166-1 alpha-2 codes and English names (CLDR), sorted by name.

    They are in a generated file, because the library babel would add ten megabytes to the package.
    """
    text = Path(__file__).with_name("countries.tsv").read_text(encoding="utf-8")
    return dict(line.split("\t") for line in text.splitlines())
