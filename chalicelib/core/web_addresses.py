"""Find web addresses in text, as email programs do. Email programs make a link of all that looks like an address."""

import re
import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from linkify_it import LinkifyIt

# Characters that count as dots. IDNA treats the first as a dot (UTS #46), and NFKC does not replace it. The others look
# like dots.
_DOTS = str.maketrans("\u3002\u06d4\u0701\u0702\ua4f8\u2024", "......")
# After `_folded`, every web address has one of these. For other texts, do not load the linkifier (90 ms of CPU).
_POSSIBLE = re.compile(r"[.:/@\[]")
# What the linkifier does not find, such as a scheme without slashes, or a domain whose ending does not exist.
_MISSED_BY_LINKIFIER = re.compile(
    r":\S|//|\S@\S|[\w-]\.[a-zA-Z]{2,}/|\bwww\.|\[\.\]|\.(?:example|test|invalid|onion|local)\b", re.IGNORECASE
)
# The linkifier looks for an address after each of these. If a word has many, this takes seconds: 6 s for 1,000 times
# "|a." (measured). So a longer word than this is split there.
_SEPARATORS = re.compile(r"[$+<=>^`|]")
_LONGEST_WORD = 100
_WITHOUT_COLONS_AND_SLASHES = str.maketrans(":/", "  ")
# What `_MISSED_BY_LINKIFIER` finds in "at 10:30".
_COLON_IN_PROSE = re.compile(r":\S")


def web_addresses(text: str) -> list[str]:
    """Return the web and email addresses in the text. Characters that look like a dot count as a dot.

    An address that the linkifier misses is returned only in part, such as ":/" or "www.". This is enough to refuse it.
    """
    return [found for word in _words(_folded(text)) for found in _addresses_in(word)]


def _words(text: str) -> Iterator[str]:
    for word in text.split():
        yield from _SEPARATORS.split(word) if len(word) > _LONGEST_WORD else [word]


def _addresses_in(word: str) -> list[str]:
    if not _POSSIBLE.search(word):
        return []
    matches = _linkifier().match(word)  # None if there are no matches.
    if matches:
        return [match.text for match in matches]
    return [match.group() for match in _MISSED_BY_LINKIFIER.finditer(word)]


def links_in(text: str) -> set[str]:
    """Return the web and email addresses in prose. Leave out matches that are no address, such as ":3" in "at 10:30".

    Email programs also find addresses directly after a colon or slash, as in "see:www."; the linkifier does not. So
    search the text a second time, without colons and slashes.
    """
    # Fold first, because folding turns other characters into colons and slashes.
    separated = _folded(text).translate(_WITHOUT_COLONS_AND_SLASHES)
    found = [*web_addresses(text), *web_addresses(separated)]
    return {each for each in found if not _COLON_IN_PROSE.fullmatch(each)}


def _folded(text: str) -> str:
    """Replace compatibility characters by ordinary ones and all kinds of dots by "."; remove invisible characters."""
    if text.isascii():
        return text
    plain = unicodedata.normalize("NFKC", text).translate(_DOTS)
    visible = [character for character in plain if unicodedata.category(character) != "Cf"]
    return "".join(visible)


@cache
def _linkifier() -> "LinkifyIt":
    # Imported here, because few signatures need it: those with a changed letter to the petition's targets, and those
    # with a dot, "/" or "@" in the name.
    from linkify_it import LinkifyIt
    from publicsuffixlist import PSLFILE

    with open(PSLFILE, encoding="utf-8") as file:  # noqa: PTH123
        lines = [line.strip() for line in file]
    rules = [line for line in lines if line and not line.startswith("//")]
    top_level_domains = {rule.rpartition(".")[2] for rule in rules}
    return LinkifyIt().tlds(sorted(top_level_domains))
