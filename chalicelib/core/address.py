# /// script
# requires-python = ">=3.11"
# dependencies = ["email-validator==2.4.0", "idna==3.20"]
# ///
"""Email addresses: the form that we send to, and the canonical form that identifies a person.

This file is also the tool with which a partner hashes the addresses of those who signed with it (docs/campaign.md): the
site serves it as hash_addresses.py. Both sides run this code, so that one address has one hash.

    python hash_addresses.py addresses.csv --column Email --key key.txt --out hashes.txt
"""

import unicodedata
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from dataclasses import dataclass
from hashlib import sha256
from hmac import digest
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import TextIO

GMAIL = frozenset({"gmail.com", "googlemail.com"})
# SES accepts only ASCII local parts. Reserved names such as .test never receive email, but rehearsals use them.
RULES = {"allow_smtputf8": True, "check_deliverability": False, "test_environment": True, "strict": True}

ID_BYTES = 16

# Spaces, and invisible characters that copying brings along.
_BLANK = " \t\r\n\u00a0\u200b\u200e\u200f\u2060\ufeff"
_ENDS = (".", ",", ";")
_LINK = "mailto:"


class AddressError(ValueError):
    """We cannot send email to this address. The message is shown to the person who typed it."""


@dataclass(frozen=True)
class Address:
    """`deliverable` is the typed address with its domain in ASCII, for SES; `canonical` identifies the person."""

    deliverable: str
    canonical: str


def read_address(typed: str) -> Address:
    """Return the address. Raise AddressError with a sentence that says what to do."""
    # Imported here because it compiles Unicode patterns for 20 ms, and only signing needs it.
    from email_validator import EmailNotValidError, validate_email

    try:
        valid = validate_email(strip_pasted(typed), **RULES)  # type: ignore[arg-type]
    except EmailNotValidError as error:
        raise AddressError("Enter an email address in the correct format, like name@example.org") from error
    if not valid.local_part.isascii():
        raise AddressError("We cannot send email to addresses with letters like these before the @. Use another one")
    if not valid.ascii_domain:
        raise AddressError("Enter an email address in the correct format, like name@example.org")
    return Address(f"{valid.local_part}@{valid.ascii_domain}", canonical(valid.local_part, valid.ascii_domain))


def strip_pasted(typed: str) -> str:
    """Remove what copying an address adds: spaces, mailto:, a name and <...>, one dot or comma at the end.

    Anything else stays as typed, and is refused: a guess could send the email to somebody else.
    """
    text = typed.strip(_BLANK)
    if text.endswith(_ENDS):
        text = text[:-1].rstrip(_BLANK)
    name, _, within = text.removesuffix(">").rpartition("<") if text.endswith(">") else ("", "", text)
    if "@" in name and name.strip(_BLANK) != within:
        return typed  # Two people, perhaps.
    text = within.strip(_BLANK)
    if text[: len(_LINK)].lower() == _LINK:
        text = text[len(_LINK) :].partition("?")[0].strip(_BLANK)
    local, at, domain = text.partition("@")
    return f"{local.rstrip(_BLANK)}{at}{domain.lstrip(_BLANK)}"


def canonical(local: str, domain: str) -> str:
    """Remove the differences that mail providers ignore. Idempotent.

    At every provider: case, Unicode form and +tag. At Gmail also dots, and googlemail.com is gmail.com.
    """
    local = unicodedata.normalize("NFKC", local).casefold()
    domain = domain.casefold()
    local = local.partition("+")[0] or local
    if domain in GMAIL:
        local, domain = local.replace(".", "") or local, "gmail.com"
    return f"{local}@{domain}"


def canonical_of(deliverable: str) -> str:
    """Return the canonical form of an address that was read before."""
    local, _, domain = deliverable.rpartition("@")
    return canonical(local, domain)


def signature_id(slug: str, canonical_address: str, secret: str) -> str:
    """Return 128 bits of an HMAC as hex. It includes the slug, so ids do not link a person's petitions."""
    return digest(secret.encode(), f"{slug}\0{canonical_address}".encode(), sha256)[:ID_BYTES].hex()


def keyed_hash(canonical_address: str, key: bytes) -> bytes:
    """Return 128 bits of an HMAC. Without the key, nobody can test whether it belongs to an address."""
    return digest(key, canonical_address.encode(), sha256)[:ID_BYTES]


def encoding_of(start: bytes) -> str:
    """Return the encoding of a file that begins like this. Windows PowerShell writes UTF-16 with >."""
    return "utf-16" if start.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else "utf-8-sig"


# What follows runs only as the tool.


def hash_rows(rows: "Iterable[tuple[int, str]]", key: bytes) -> tuple[list[str], list[int]]:
    """Return the different hashes, sorted so that their order reveals nothing, and the numbers of invalid addresses."""
    hashes, wrong = set(), []
    for number, row in rows:
        try:
            hashes.add(keyed_hash(read_address(row).canonical, key).hex())
        except AddressError:
            wrong.append(number)
    return sorted(hashes), wrong


def _rows(file: "TextIO", column: str | None) -> "Iterator[tuple[int, str]]":
    """Yield number and text of each line, or with a column the number of each row of a CSV and its cell."""
    import csv

    if column is None:
        return ((number, line) for number, line in enumerate(file, 1) if line.strip())
    reader = csv.DictReader(file)
    if column not in (reader.fieldnames or ()):
        raise SystemExit(f"There is no column {column}. There are: {', '.join(reader.fieldnames or ())}")
    return ((number, row[column] or "") for number, row in enumerate(reader, 2))


def main(arguments: "Sequence[str] | None" = None) -> None:
    """Hash the addresses of a file. Write or print the hashes, and say on the error stream how many there are."""
    import argparse
    import sys
    from pathlib import Path

    parser = argparse.ArgumentParser(description="Hash email addresses with the key that the charity gave you.")
    parser.add_argument("file", type=Path, help="a text file with an address on each line, or a CSV with --column")
    parser.add_argument("--column", help="the heading of the CSV's column with the addresses")
    parser.add_argument("--key", type=Path, required=True, help="a file with the key")
    parser.add_argument("--out", type=Path, help="the file to write the hashes to; without it they are printed")
    parser.add_argument("--encoding", default="utf-8-sig", help="of the file: utf-8-sig, utf-16 or cp1252")
    options = parser.parse_args(arguments)
    saved = options.key.read_bytes()
    key = bytes.fromhex(saved.decode(encoding_of(saved)).strip())
    with options.file.open(encoding=options.encoding, newline="") as file:
        hashes, wrong = hash_rows(_rows(file, options.column), key)
    text = "".join(f"{each}\n" for each in hashes)
    if options.out:
        options.out.write_text(text, encoding="ascii", newline="\n")
    else:
        sys.stdout.write(text)
    print(f"{len(hashes)} different addresses", file=sys.stderr)
    if wrong:
        shown = ", ".join([*map(str, wrong[:20]), *(["..."] if wrong[20:] else [])])
        print(f"{len(wrong)} without a valid address, in row {shown}", file=sys.stderr)


if __name__ == "__main__":
    main()
