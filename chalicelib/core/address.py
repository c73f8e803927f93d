# /// script
# requires-python = ">=3.11"
# dependencies = ["email-validator==2.4.0", "idna==3.20"]
# ///
"""Email addresses: the form that we send to, and the canonical form that identifies a person.

A partner also runs this file as a tool, to hash the addresses of its own signers (docs/campaign.md). The site serves
this file as hash_addresses.py. Site and partner run the same code, so they compute the same hash for an address.

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
# SES accepts only ASCII before the @. allow_smtputf8 lets other letters through, so that `read_address` can refuse them
# with a clear message. test_environment allows reserved domains such as .test, for rehearsals: no email arrives there.
VALIDATOR_OPTIONS = {"allow_smtputf8": True, "check_deliverability": False, "test_environment": True, "strict": True}

HASH_BYTES = 16  # 128 bits: in practice, no two people share a hash.

# Spaces, and invisible characters that copying adds. Windows and phones put marks of the direction around an address.
_BLANK = (
    " \t\r\n\u00a0\u00ad\u061c\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u202f"
    "\u2060\u2066\u2067\u2068\u2069\u3000\ufeff"
)
_ENDINGS = (".", ",", ";")
_MAILTO = "mailto:"


class AddressError(ValueError):
    """We cannot send email to this address. The message is shown to the person who typed it."""


@dataclass(frozen=True)
class Address:
    """`deliverable`: the typed address, with its domain in ASCII for SES. `canonical` identifies the person."""

    deliverable: str
    canonical: str


def read_address(typed: str) -> Address:
    """Return the address. Raise AddressError with a sentence that says what to do."""
    # Imported here because it compiles Unicode patterns for 20 ms, and many cold starts read no address.
    from email_validator import EmailNotValidError, validate_email

    try:
        valid = validate_email(strip_pasted(typed), **VALIDATOR_OPTIONS)  # type: ignore[arg-type]
    except EmailNotValidError as error:
        raise AddressError("Enter an email address in the correct format, like name@example.org") from error
    if not valid.local_part.isascii():
        raise AddressError("We cannot send email to addresses with letters like these before the @. Use another one")
    # We send to the address as it was typed. `ascii_domain` is in lower case, so use it only for other domains.
    typed_domain = valid.original.rpartition("@")[2]
    domain = typed_domain if typed_domain.isascii() else valid.ascii_domain
    return Address(f"{valid.local_part}@{domain}", canonical(valid.local_part, valid.ascii_domain))


def strip_pasted(typed: str) -> str:
    """Remove what copying an address adds: spaces, mailto:, a name and <...>, one dot, comma or semicolon at the end.

    Other wrong text stays as typed, and `read_address` refuses it: a guess could send the email to somebody else.
    """
    text = typed.strip(_BLANK)
    if text.endswith(_ENDINGS):
        text = text[:-1].rstrip(_BLANK)
    name, address = "", text
    if text.endswith(">"):
        name, _, address = text.removesuffix(">").rpartition("<")
    if "@" in name and name.strip(_BLANK) != address:
        return typed  # "a@example.org <b@example.org>": the name is an address too, perhaps of another person.
    text = address.strip(_BLANK)
    if text[: len(_MAILTO)].lower() == _MAILTO:
        without_scheme = text[len(_MAILTO) :]
        text = without_scheme.partition("?")[0].strip(_BLANK)
    local, at, domain = text.partition("@")
    return f"{local.rstrip(_BLANK)}{at}{domain.lstrip(_BLANK)}"


def canonical(local: str, domain: str) -> str:
    """Return the address without the differences that email providers ignore. Idempotent.

    We treat case, Unicode form and +tag as such differences. Gmail also ignores dots, and googlemail.com is gmail.com.
    """
    local = unicodedata.normalize("NFKC", local).casefold()
    domain = domain.casefold()
    # `or local`: if nothing would be left, the local part stays whole.
    local = local.partition("+")[0] or local
    if domain in GMAIL:
        local, domain = local.replace(".", "") or local, "gmail.com"
    return f"{local}@{domain}"


def canonical_of(deliverable: str) -> str:
    """Return the canonical form of an `Address.deliverable`."""
    local, _, domain = deliverable.rpartition("@")
    return canonical(local, domain)


def signature_id(slug: str, canonical_address: str, secret: str) -> str:
    """Return 128 bits of an HMAC as hex. The slug is hashed too, so a person has a different id in each petition."""
    mac = digest(secret.encode(), f"{slug}\0{canonical_address}".encode(), sha256)
    return mac[:HASH_BYTES].hex()


def keyed_hash(canonical_address: str, key: bytes) -> bytes:
    """Return 128 bits of an HMAC. Without the key, nobody can test whether a hash belongs to an address."""
    return digest(key, canonical_address.encode(), sha256)[:HASH_BYTES]


def encoding_of(start: bytes) -> str:
    """Return the encoding of a file that begins with these bytes. In Windows PowerShell, `>` writes UTF-16."""
    return "utf-16" if start.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else "utf-8-sig"


# Only the tool uses the code below.


def hash_rows(rows: "Iterable[tuple[int, str]]", key: bytes) -> tuple[list[str], list[int]]:
    """Return each hash once, and the row numbers of invalid addresses. Sort the hashes, to hide the rows' order."""
    hashes, invalid_rows = set(), []
    for number, typed in rows:
        try:
            address = read_address(typed)
            hashes.add(keyed_hash(address.canonical, key).hex())
        except AddressError:
            invalid_rows.append(number)
    return sorted(hashes), invalid_rows


def _rows(file: "TextIO", column: str | None) -> "Iterator[tuple[int, str]]":
    """Yield number and text of each line that is not blank. With `column`: number and this column of each CSV row.

    Yield "" for a row that ends before the column, so that the row is reported as one without an address.
    """
    import csv

    if column is None:
        for number, line in enumerate(file, 1):
            if line.strip():
                yield number, line
        return
    reader = csv.reader(file)
    columns = next(reader, [])
    if column not in columns:
        raise SystemExit(f"There is no column {column}. There are: {', '.join(columns)}")
    position = columns.index(column)
    for number, row in enumerate(reader, 2):  # Row 1 is the heading.
        if row:
            yield number, row[position] if position < len(row) else ""


def _first_rows(rows: list[int]) -> str:
    """Return the first twenty row numbers, and "..." if there are more."""
    shown = [str(row) for row in rows[:20]]
    if len(rows) > 20:
        shown.append("...")
    return ", ".join(shown)


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
    parser.add_argument("--encoding", default="utf-8-sig", help="the encoding of the file: utf-8-sig, utf-16 or cp1252")
    options = parser.parse_args(arguments)
    key_file = options.key.read_bytes()
    key_in_hex = key_file.decode(encoding_of(key_file))
    key = bytes.fromhex(key_in_hex.strip())
    with options.file.open(encoding=options.encoding, newline="") as file:
        hashes, invalid_rows = hash_rows(_rows(file, options.column), key)
    hash_lines = "".join(f"{each}\n" for each in hashes)
    if options.out:
        options.out.write_text(hash_lines, encoding="ascii", newline="\n")
    else:
        sys.stdout.write(hash_lines)
    print(f"{len(hashes)} different addresses", file=sys.stderr)
    if invalid_rows:
        print(f"{len(invalid_rows)} without a valid address, in row {_first_rows(invalid_rows)}", file=sys.stderr)


if __name__ == "__main__":
    main()
