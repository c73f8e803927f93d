"""A petition's whole life, with a canary at every entrance for personal data."""

import json
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

import pyrage
from chalice.test import HTTPResponse

from chalicelib.aws.email import Mail
from chalicelib.aws.queue import Outgoing
from chalicelib.core.errors import MailRefused, Throttled
from chalicelib.core.keys import COUNTS, SIGNATURES
from chalicelib.core.rights import Right
from chalicelib.edge.route import Access
from chalicelib.edge.routes import all_routes
from chalicelib.partners.model import CountsWhen
from chalicelib.staff.tokens import issue
from tests.actors import DAY, LINKS, NOW, SITE, THROUGH_THE_CDN, a_published_petition
from tests.fake_site import FORM, JSON, link_in, schedule_event, stream_event, token_in
from tests.flows.canaries import Canary, a_canary
from tests.flows.watched import MINUTES, WatchedSite
from tests.letters.lettering import LETTER, TARGET
from tests.partnering import PATH as PARTNER_PATH, a_partner, oaks_token, sent_of

API, HOSTED, MINE = "/api/petitions/safe-children", "/petitions/safe-children/signatures", "/my-signatures"
BASE, PEOPLE = "/api/staff/petitions/safe-children", "/api/staff/people"
ENTRANCES = (
    *("form", "embed", "json", "letter", "asked", "overflow", "lost", "held", "removed", "pending", "crashed"),
    *("refused", "corrected", "owncorrected", "moved", "unknown", "invalid", "found", "partner", "typed", "osdi"),
    *("imported", "elm", "tried", "updatetest", "lettertest", "invited"),
)
DOMAINS = {"held": "mailinator.com"}  # It is disposable, so the signature is held.
CANARIES = {name: a_canary(name, number, DOMAINS.get(name, "")) for number, name in enumerate(ENTRANCES, 11)}
NONE: Mapping[str, str] = {}
RECIPIENT = str(pyrage.x25519.Identity.generate().to_public())


class Story:
    def __init__(self, watched: WatchedSite) -> None:
        self.watched, self.site = watched, watched.site
        targets = [TARGET, {**TARGET, "key": "office", "delivery": {"mode": "digest", "first": 0}}]
        settings = {"closes_at": NOW + 20 * DAY, "retention_months": 1, "receipt": True}
        a_published_petition(self.site.tables, letter={**LETTER, "targets": targets}, **settings)
        self.token = issue("bob", [*Right], NOW, NOW + 999 * DAY, self.site.tables)
        self.oaks_token = oaks_token(self.site.tables)
        a_partner(self.site.tables, CountsWhen.AFTER_EMAIL, "partner-elm")

    def happens(self) -> None:
        self.people_sign()
        self.functions_fail()
        self.partners_send()
        self.people_confirm()
        self.owners_change_their_signatures()
        self.staff_help_people()
        self.staff_send_emails()
        self.staff_run_jobs()
        self.everybody_reads()
        self.a_scanner_opens_every_link()

    def bob(self, method: str, path: str, body: object = None, kind: str = JSON) -> Any:
        """Ask as Bob, and expect a success."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else b""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": kind}
        answer = self.site.client.http.request(method, path, headers=headers, body=content)
        assert answer.status_code < 300, (path, answer.body)
        return answer.json_body if answer.headers["Content-Type"] == JSON else None

    def post_json(self, path: str, canary: Canary, value: object, **headers: str) -> HTTPResponse:
        """Post through the CDN, as a browser or a partner's server does."""
        return self._post(path, canary, json.dumps(value), JSON, **headers)

    def post_form(self, path: str, canary: Canary, **fields: str) -> HTTPResponse:
        return self._post(path, canary, urlencode(fields), FORM)

    def _post(self, path: str, canary: Canary, body: str, kind: str, **headers: str) -> HTTPResponse:
        sent = {"x_forwarded_for": f"{canary.network}, 198.51.100.7", "user_agent": canary.browser}
        return self.site.post(path, body.encode(), kind, **{**THROUGH_THE_CDN, **sent, **headers})

    def sign(self, person: str, changes: Mapping[str, str] = NONE, path: str = HOSTED, status: int = 303) -> None:
        canary = CANARIES[person]
        consents = {"consent.sign": "yes", "consent.updates": "yes"}
        answer = self.post_form(path, canary, **{**who(canary), **consents, **changes})
        assert answer.status_code == status, answer.body

    def sign_by_json(self, person: str, *errors: Exception) -> HTTPResponse:
        """Sign while the tables fail with these errors."""
        canary = CANARIES[person]
        letter = {"send": True, "body": canary.words, "reply": True}
        consent = {"sign": True, "updates": True}
        self.site.tables.fail_next(*errors)
        return self.post_json(f"{API}/signatures", canary, {**who(canary), "letter": letter, "consent": consent})

    def mails_to(self, person: str) -> list[Mail]:
        return [mail for mail in self.site.mailer.mails if mail.to == CANARIES[person].email]

    def people_sign(self) -> None:
        for name in ("form", "pending", "held", "crashed", "refused"):
            self.sign(name)
        self.sign("removed", {"source": "one-farm"})
        self.sign("embed", path=f"{HOSTED}?embed=1")
        self.sign("letter", letter_of("letter"))
        self.sign("invalid", {"country": CANARIES["invalid"].name}, status=422)
        assert self.sign_by_json("json").status_code == 202
        for name in ("overflow", "lost"):
            assert self.sign_by_json(name, Throttled("storage")).status_code == 202
        overflow = self.watched.queues["overflow"]
        overflow.dead_letters.append(overflow.messages.pop())
        for is_asked in (True, False):
            self.bob("PUT", "/api/staff/proof", {"petition": "safe-children", "asked": is_asked})
            self.watched.pass_time(MINUTES)
            self.post_json(f"{API}/challenge", CANARIES["json"], {"email": CANARIES["json"].email})

    def functions_fail(self) -> None:
        """Let a view, a schedule, the stream's functions and the senders fail, with an address in each error."""
        address, refused = CANARIES["crashed"].email, CANARIES["refused"].email
        assert self.sign_by_json("crashed", RuntimeError(address)).status_code == 503
        changes = stream_event(self.watched.tables.log)
        for function, event in (
            ("relay_mail", changes),
            ("project_signatures", changes),
            ("check_mail", {"task": "sweep"}),
        ):
            for error in (RuntimeError(address), Throttled(address)):
                self.site.tables.fail_next(error)
                self.watched.invoke(function, event)
        send = self.site.mailer.send
        errors: dict[str, list[Exception]] = {address: [RuntimeError(address)] * 2, refused: [MailRefused(refused)]}

        def fail_or_send(mail: Mail) -> str:
            if errors.get(mail.to):
                raise errors[mail.to].pop()
            return send(mail)

        vars(self.site.mailer)["send"] = fail_or_send
        self.watched.settle()

    def partners_send(self) -> None:
        """The address is the partner's identifier too."""
        bearer, partner, osdi = f"Bearer {self.oaks_token}", CANARIES["partner"], CANARIES["osdi"]
        sent = {**sent_of(consent={"updates": True}), **who(partner), "identifier": partner.email}
        assert self.post_json(PARTNER_PATH, partner, sent, Authorization=bearer).status_code == 200
        self.sign("typed", {"email": partner.email})
        person = {"given_name": osdi.name, "email_addresses": [{"address": osdi.email}]}
        person["postal_addresses"] = [{"postal_code": osdi.postcode}]
        sent = {"person": person, "identifiers": [f"oak:{osdi.email}"]}
        path = "/api/osdi/petitions/safe-children/record"
        assert self.post_json(path, osdi, sent, Authorization=bearer).status_code == 200
        for name, query in (("imported", "oak"), ("elm", "elm"), ("tried", "oak&dry_run=true")):
            self.bob("POST", f"{BASE}/imports?partner=partner-{query}", file_of(CANARIES[name]), "text/csv")
            self.watched.settle()

    def people_confirm(self) -> None:
        corrected = CANARIES["corrected"]
        for name, fields in {
            "form": {"name": corrected.name, "postcode": corrected.postcode},
            "json": letter_of("json"),
            "letter": letter_of("letter"),
            **dict.fromkeys(("embed", "held", "removed", "overflow"), NONE),
        }.items():
            link = link_in(self.mails_to(name)[0], "confirm")
            assert self.site.get(link).status_code == 200
            assert self.post_form(link, CANARIES[name], updates="yes", **fields).status_code == 200
        self.watched.settle()
        self.sign("asked", {"email": CANARIES["form"].email, **letter_of("asked")})
        self.watched.pass_time(DAY, "sweep")

    def owners_change_their_signatures(self) -> None:
        own, moved = CANARIES["owncorrected"], CANARIES["moved"]
        for name, end in {"json": "", "unknown": "", "invalid": "@"}.items():
            self.post_form(MINE, CANARIES[name], email=f"{CANARIES[name].email}{end}")
        self.watched.settle()
        token = token_in(link_in(self.mails_to("json")[-1], "my-signatures"))
        assert self.site.get(f"{MINE}?token={quote(token)}").status_code == 200
        for path, fields in (
            ("change", {"do": "correct", "name": own.name, "postcode": own.postcode, "country": "GB"}),
            ("change", {"do": "move", "email": moved.email}),
            ("file", {}),
        ):
            answer = self.post_form(f"{MINE}/{path}", own, token=token, petition="safe-children", **fields)
            assert answer.status_code == 200
        self.watched.pass_time(DAY / 2)
        link = link_in(self.mails_to("moved")[-1], "my-signatures/move")
        assert self.site.get(link).status_code == 200
        assert self.post_form(f"{MINE}/move", moved, token=token_in(link)).status_code == 200
        self.watched.settle()

    def staff_help_people(self) -> None:
        for name in ("found", "form", "pending"):
            for one in self.bob("POST", f"{PEOPLE}/find", {"email": CANARIES[name].email})["signatures"]:
                path = f"{PEOPLE}/safe-children/{one['id']}"
                self.bob("GET", path)
                for verb in ("access", "file", "resend"):
                    self.bob("POST", f"{path}/{verb}")
        mail, crashed = self.mails_to("embed")[0], CANARIES["crashed"]
        self.post_form("/stop", CANARIES["embed"], token=token_in(link_in(mail, "stop")))
        self.report_bounce(mail)
        for broken in ({"mail": {"destination": [crashed.email]}}, {"eventType": 5, "to": crashed.email}):
            self.watched.queues["feedback"].send([Outgoing(broken)])
        self.watched.settle()

    def report_bounce(self, mail: Mail) -> None:
        """Report a bounce as SES does: with the address and the subject."""
        sent = {"destination": [mail.to], "commonHeaders": {"to": [mail.to], "subject": mail.subject}}
        sent["tags"] = {name: [value] for name, value in mail.tags.items()}
        bounce = {"bounceType": "Permanent", "bouncedRecipients": [{"emailAddress": mail.to, "status": "5.1.1"}]}
        self.watched.queues["feedback"].send([Outgoing({"eventType": "Bounce", "bounce": bounce, "mail": sent})])

    def staff_send_emails(self) -> None:
        self.bob("POST", f"{BASE}/reminders", {"hours": 12})
        update = self.bob("POST", f"{BASE}/updates", {"title": "She answered", "markdown": "She said **yes**."})["id"]
        self.bob("POST", f"{BASE}/updates/{update}/test", {"email": CANARIES["updatetest"].email})
        self.bob("POST", f"{BASE}/letters/office/test", {"email": CANARIES["lettertest"].email})
        invitation = {"owner": "dora", "rights": ["counts"], "email": CANARIES["invited"].email}
        self.bob("POST", "/api/staff/invitations", invitation)
        self.watched.settle()
        self.bob("POST", f"{BASE}/updates/{update}/publish", {})
        self.watched.settle(12)
        for kind in ("update", "letter", "my-signatures"):
            self.report_bounce(next(mail for mail in self.site.mailer.mails if mail.tags["kind"] == kind))
        self.watched.pass_time(DAY, "sweep", "watch", "digests")

    def staff_run_jobs(self) -> None:
        jobs: list[tuple[str, Mapping[str, object]]] = [
            ("exports", {"columns": ["name", "postcode", "country"]}),
            ("exports", {"format": "ndjson", "passphrase": True}),
            ("lists", {"recipient": RECIPIENT}),
            ("lists", {"passphrase": True}),
            ("removals", {"condition": {}, "reason": "A look", "dry_run": True}),
            ("removals", {"condition": {"source": "one-farm"}, "reason": "One source"}),
        ]
        for kind, body in jobs:
            self.bob("POST", f"{BASE}/{kind}", body)
            self.watched.settle()

    def everybody_reads(self) -> None:
        """Read every page, and every answer to staff, that a GET without a personal link shows."""
        self.watched.pass_time(timedelta(hours=1), "sweep", "watch")
        self.watched.invoke("recount_tallies", schedule_event())
        statement = self.bob("POST", f"{BASE}/statements")
        known = {
            "slug": "safe-children",
            "token": statement["url"].rpartition("/")[2],
            "code": statement["short_url"].rpartition("/")[2],
            "update_id": self.bob("GET", f"{BASE}/updates")["updates"][0]["id"],
            **{f"{kind}_id": self.first_job(kind) for kind in ("export", "import", "removal", "list")},
        }
        for route in all_routes().values():
            names = [part.strip("{}") for part in route.path.split("/") if part.startswith("{")]
            is_by_link = route.path.startswith((MINE, *(f"/{purpose}" for purpose in (*LINKS, "stop"))))
            if route.method == "GET" and known.keys() >= {*names} and not is_by_link:
                path = route.path.format(**{name: known[name] for name in names})
                if route.right is not Access.PUBLIC:
                    self.bob("GET", path)
                else:
                    assert self.site.get(path).status_code < 400, path
        for query in ("counts?by=all&format=csv", "counts?by=version", "funnel?by=hour&format=csv"):
            self.bob("GET", f"{BASE}/{query}")

    def a_scanner_opens_every_link(self) -> None:
        links = {link for mail in self.site.mailer.mails for link in re.findall(rf"{SITE}(/\S+)", mail.text)}
        for link in sorted(links):
            self.site.get(link)

    def first_job(self, kind: str) -> str:
        jobs = (key.sk for key in self.site.tables.items if key.table == COUNTS and key.pk.startswith(f"JOB#{kind}#"))
        return next(each for each in jobs if each != "LATEST")

    def staff_withdraw_everybody(self) -> None:
        for key in [key for key in self.site.tables.items if key.table == SIGNATURES]:
            self.bob("POST", f"{PEOPLE}/safe-children/{key.sk}/withdraw")
        self.watched.settle()

    def staff_erase_everybody(self) -> None:
        for canary in CANARIES.values():
            self.bob("POST", f"{PEOPLE}/erase", {"email": canary.email})
        self.watched.settle()

    def retention_ends(self) -> None:
        self.watched.pass_time(50 * DAY)
        self.bob("POST", f"{BASE}/retention/run")
        self.watched.settle(12)


def who(canary: Canary) -> dict[str, str]:
    return {"name": canary.name, "email": canary.email, "postcode": canary.postcode}


def letter_of(person: str) -> dict[str, str]:
    return {"letter.send": "yes", "letter.reply": "yes", "letter.body": CANARIES[person].words}


def file_of(canary: Canary) -> bytes:
    """Return a partner's file: a person, whose address is the identifier too, and a row that is wrong everywhere."""
    return f"""id,Email,Name,Postcode,Updates,Notes
{canary.email},{canary.email},{canary.name},{canary.postcode},yes,{canary.words}
{canary.name},{canary.email}@,={canary.name},{canary.email},{canary.words},{canary.words}
""".encode()
