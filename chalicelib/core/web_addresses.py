"""Find web addresses in text that anybody may send. Email programs make links of all that looks like an address.

No library: one needed 15 s for 100 characters. The time of each search here grows only with the length of the text.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache

# Dots of other scripts. IDNA treats the first as a dot (UTS #46), and NFKC does not replace it.
_DOTS = str.maketrans("\u3002\u06d4\u0701\u0702\ua4f8\u2024", "......")
# These never occur in an address (RFC 3986).
_BETWEEN_ADDRESSES = re.compile(r'[\s<>"\\^`{|}]+')
_AROUND_ADDRESS = ".,:;!?'()[]*_~-"
# Letters that show nothing: they could hide an ending.
_FILLERS = dict.fromkeys((0x115F, 0x1160, 0x3164, 0xFFA0))
# NFKC makes letters and digits of these, such as TM of ™. Next to an ending they would hide it.
_SIGNS = ("<super>", "<sub>", "<circle>", "<square>", "<fraction>")
_ADDRESS = re.compile(
    r"//|\S@\S|\bwww\.|\[\.\]|xn--|[^\s.]\.[^\W\d_]{2,}/|(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}[/:?#]", re.IGNORECASE
)
# In a name, each colon makes an address. In prose, it may follow a word or be part of a time: "at 10:30".
_SCHEME = re.compile(r"\b(?:https?|ftp|file|mailto|tel|sms|javascript|vbscript|data|blob):\S", re.IGNORECASE)
_COLON = re.compile(r":\S")
# The last part of "evil.com": a dot after any character, and what is no ASCII punctuation.
_ENDING = re.compile(r"(?<=[^\s.])\.([^\s!-,./:-@\[-`{-~]++)(?!\.[^\s!-/:-@\[-`{-~])")
_RESERVED = ("example", "test", "invalid", "onion", "local")
# Letters of other scripts that look like Latin ones: people read "evil.сom" as "evil.com".
_LOOKALIKES = str.maketrans("асеіјорѕухкмтвԁԛԝοαικντρυ", "aceijopsyxkmtbdqwoaikvtpu")


def web_addresses(text: str) -> list[str]:
    """Return the words of a name that have a web or email address. Characters that look like a dot count as a dot."""
    return [word for word in _words(text) if _has_address(word) or _COLON.search(word)]


def links_in(text: str) -> set[str]:
    """Return the web and email addresses in prose, with all that is written next to them without a space."""
    return {word for word in _words(text) if _has_address(word) or _SCHEME.search(word)}


def _words(text: str) -> Iterator[str]:
    for version in dict.fromkeys((_folded(text), _folded(_without_signs(text)))):
        for word in _BETWEEN_ADDRESSES.split(version):
            yield word.strip(_AROUND_ADDRESS)


def _has_address(word: str) -> bool:
    return bool(_ADDRESS.search(word)) or any(_is_top_level(ending) for ending in _ENDING.findall(word))


def _is_top_level(ending: str) -> bool:
    """Return True also for what looks like a top-level domain: "ćom"."""
    lower = "".join(each for each in ending.lower().translate(_FILLERS) if unicodedata.category(each)[0] != "S")
    letters = [each for each in unicodedata.normalize("NFKD", lower) if unicodedata.category(each)[0] != "M"]
    plain = "".join(letters).translate(_LOOKALIKES)
    return not _top_level_domains().isdisjoint((lower, plain))


def _folded(text: str) -> str:
    """Make letters and dots ordinary, remove invisible characters, and split words at punctuation that is not ASCII."""
    if text.isascii():
        return text
    plain = unicodedata.normalize("NFKC", text).translate(_DOTS)
    return "".join(_folded_character(character) for character in plain)


def _without_signs(text: str) -> str:
    if text.isascii():
        return text
    return "".join(" " if unicodedata.decomposition(each).startswith(_SIGNS) else each for each in text)


def _folded_character(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cf":
        return ""
    return " " if category[0] == "P" and not character.isascii() else character


@cache
def _top_level_domains() -> frozenset[str]:
    # Imported here, because few signatures need it: those with a dot in the name, or with a changed letter.
    from publicsuffixlist import PSLFILE

    with open(PSLFILE, encoding="utf-8") as file:  # noqa: PTH123
        lines = [line.strip() for line in file]
    rules = [line for line in lines if line and not line.startswith("//")]
    return frozenset({*_RESERVED, *(rule.rpartition(".")[2] for rule in rules)})
