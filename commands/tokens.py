"""`manage.py token`: issue, list and revoke staff tokens. The command also issues a site's first token."""

import argparse
import sys
from datetime import timedelta
from typing import Any

from chalicelib.core import times
from chalicelib.core.rights import Right
from chalicelib.staff.tokens import all_tokens, audit_details, find_token, new_token, revoke, store_token
from commands import common
from commands.common import from_1_to

MAX_DAYS = 3650


def issue_token(arguments: argparse.Namespace) -> None:
    now = times.now()
    expires_at = now + timedelta(days=arguments.days)
    token = new_token(arguments.owner, arguments.rights, now, expires_at)
    common.audit("token.issued", token.stored.token_id, **audit_details(token.stored))
    print(store_token(token, common.tables()))
    print(f"Valid until {times.iso(expires_at)}. It is shown only once and is not stored.", file=sys.stderr)


def revoke_token(arguments: argparse.Namespace) -> None:
    token = find_token(arguments.id, common.tables())
    details = audit_details(token) if token else {}
    # Every attempt is recorded, even if there is no such token.
    common.audit("token.revoked", arguments.id, **details)
    if not revoke(arguments.id, times.now(), common.tables()):
        raise common.InputError(f"there is no token {arguments.id}: the id is the part between the underscores")
    print(f"revoked {arguments.id}: it is no longer valid")


def list_tokens(arguments: argparse.Namespace) -> None:
    for token in all_tokens(common.tables()):
        validity = "revoked" if token.revoked_at else f"until {times.iso(token.expires_at)}"
        last_used = times.iso(token.last_used_at) if token.last_used_at else "never"
        rights = ",".join(sorted(token.rights))
        print(f"{token.token_id}  {validity:27}  used {last_used:20}  {rights}  {token.owner}")


def _rights(text: str) -> list[Right]:
    try:
        return [Right(name.strip()) for name in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"use some of: {', '.join(Right)}") from None


def add_to(subparsers: Any) -> None:
    token = subparsers.add_parser("token", help="issue, list or revoke staff tokens").add_subparsers(required=True)
    command = token.add_parser("revoke", help="revoke a token at once")
    command.add_argument("id", help="the middle part of the token: staff_<id>_...")
    command.set_defaults(run=revoke_token)
    token.add_parser("list", help="list all tokens, without their secrets").set_defaults(run=list_tokens)
    command = token.add_parser("issue", help="print a new token, once")
    command.add_argument("--owner", required=True, help="the person or system that uses it")
    command.add_argument("--rights", type=_rights, default=[Right.COUNTS], help=f"some of {','.join(Right)}")
    command.add_argument("--days", type=from_1_to(MAX_DAYS), default=90, help="how long it is valid (default: 90)")
    command.set_defaults(run=issue_token)
