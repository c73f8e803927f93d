"""A scene for each command of `manage.py`, with all branches that make further AWS calls."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

from chalicelib.aws import clients
from chalicelib.aws.table import Change
from chalicelib.core import keys
from chalicelib.petitions.find import petition_as_stored
from chalicelib.tallies.count import exact_count
from commands.decision import SinceCopy
from commands.restore import restore_items
from tests.actors import MINUTE, NOW, a_published_petition, confirmed
from tests.commands.conftest import PETITION
from tests.commands.recovery import AT, LATER, lose_signatures, signatures
from tests.judge.desktop import Desktop, WatchedRecovery
from tests.letters.lettering import LETTER

SLUG = "safe-children"
LETTER_LINES = """
[letter]
subject = "Children"
body = "Please act."
openings = ["I work with children."]
send_wording = "Send this letter"
reply_wording = "You may reply"
targets = [{key = "home-secretary", name = "Home Secretary", email = "home@target.example"}]
"""


def petition(desktop: Desktop) -> None:
    file = desktop.folder / "petition.toml"
    for text in (PETITION, PETITION, PETITION.replace("Keep", "Protect") + LETTER_LINES):
        file.write_text(text, encoding="utf-8")
        desktop.manage("petition", "load", str(file))
    file.write_text(PETITION.replace(SLUG, "new"), encoding="utf-8")
    desktop.manage("petition", "check", str(file))
    desktop.manage("petition", "load", str(file))


def token(desktop: Desktop) -> None:
    desktop.manage("token", "issue", "--owner", "bob")
    desktop.manage("token", "list")
    [key] = [key for key in desktop.site.tables.items if key.pk == keys.TOKENS_PARTITION]
    desktop.manage("token", "revoke", key.sk)


def shards(desktop: Desktop) -> None:
    desktop.manage("shards", SLUG, "40")


def recount(desktop: Desktop) -> None:
    """A day was closed too early, the tally has a drift, and a pending counter is wrong."""
    tables, loaded = desktop.site.tables, petition_as_stored(SLUG, desktop.site.tables)
    confirmed(tables, loaded, now=NOW - timedelta(days=1))
    exact_count(loaded, NOW + timedelta(hours=25), tables)
    tables.update(Change(keys.tally_shard(SLUG, 0, NOW.date()), add={"total": 1, "cGB": 1}))
    tables.put(keys.current_numbers(SLUG, "00"), {"pending": 4, "projected_to": "1"})
    desktop.manage("recount", SLUG, code=1)
    desktop.manage("recount", SLUG, "--repair", "--repair-pending")


def letters(desktop: Desktop) -> None:
    loaded = a_published_petition(desktop.site.tables, letter=LETTER)
    confirmed(desktop.site.tables, loaded, letter={"send": True})
    desktop.manage("letters", SLUG)


def mail(desktop: Desktop) -> None:
    desktop.manage("mail", "pause")
    desktop.manage("mail", "resume")


def shed(desktop: Desktop) -> None:
    desktop.manage("shed", "longer-caches")


def restore(desktop: Desktop) -> None:
    """One signature is put back, one is repaired, and one is withdrawn by a second run."""
    site, command = desktop.site, ("restore", "signatures", "--at")
    loaded = petition_as_stored(SLUG, site.tables)
    emails = [f"p{number}@mail.example" for number in range(3)]
    people = [confirmed(site.tables, loaded, email=email, now=NOW - MINUTE) for email in emails]
    site.clock.moment = LATER
    recovery = WatchedRecovery(desktop)
    desktop.patch.setattr(clients, "dynamodb", lambda: recovery)
    desktop.manage(*command, AT, "--dry-run")
    lose_signatures(site.tables)
    desktop.manage(*command, AT)
    [first] = [item for item in signatures(site.tables) if item["sk"] == people[0]]
    first["name"] = "Damaged"
    file = desktop.folder / "withdrawn"
    file.write_text(people[2], encoding="utf-8")
    desktop.manage(*command, AT, "--leave-out", str(file))
    desktop.manage(*command, AT, "--finish")
    lost = {keys.AUDIT: ["2026-11"], keys.COUNTS: ["PETITIONS", "TOKENS"], keys.DELIVERIES: ["letter#a"]}
    for table, partitions in lost.items():
        page = [{"pk": pk, "sk": "lost"} for pk in partitions]
        items = restore_items([page], site.tables, table, lambda: SinceCopy(LATER), write=True)
        desktop.record(partial(list, items))


SCENES: dict[str, Callable[[Desktop], None]] = {
    scene.__name__: scene for scene in (petition, token, shards, recount, letters, mail, shed, restore)
}
