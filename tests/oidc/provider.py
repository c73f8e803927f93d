"""A real OpenID Connect provider, Django OAuth Toolkit, with one person and one client.

Run as `python -m tests.oidc.provider PORT FOLDER REDIRECT`. It has a login page, requires PKCE and signs with RS256.
"""

import sys
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import django
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.conf import settings
from django.core.management import call_command
from django.urls import include, path

from tests.oidc.people import CLIENT, GROUP, PASSWORD, PERSON, SECRET

LOGIN_PAGE = '<title>Log in</title><form method="post">{% csrf_token %}{{ form.as_p }}<button>Log in</button></form>'


def configure(port: int, folder: Path) -> None:
    key = generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    templates = {"loaders": [("django.template.loaders.locmem.Loader", {"registration/login.html": LOGIN_PAGE})]}
    settings.configure(
        SECRET_KEY="only-on-loopback-and-only-for-a-test",
        ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF="tests.oidc.provider",
        USE_TZ=True,
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(folder / "provider.sqlite")}},
        INSTALLED_APPS=[
            "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions", "oauth2_provider",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
        ],
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "OPTIONS": templates}],
        # Fast to check. These tests are not about password storage.
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        OAUTH2_PROVIDER={
            "OIDC_ENABLED": True,
            "OIDC_ISS_ENDPOINT": f"http://127.0.0.1:{port}/o",
            "OIDC_RSA_PRIVATE_KEY": key.decode(),
            "SCOPES": {"openid": "who you are", "email": "your address", "groups": "your groups"},
            "PKCE_REQUIRED": True,
            "OAUTH2_VALIDATOR_CLASS": "tests.oidc.claims.Claims",
        },
    )  # fmt: skip
    django.setup()
    call_command("migrate", verbosity=0)


def populate(redirect: str) -> None:
    from django.contrib.auth.models import Group, User
    from oauth2_provider.models import Application

    user = User.objects.create_user(PERSON, f"{PERSON}@charity.example", PASSWORD)
    user.groups.add(Group.objects.create(name=GROUP))
    Application.objects.create(
        client_id=CLIENT, client_secret=SECRET, client_type="confidential", skip_authorization=True,
        authorization_grant_type="authorization-code", redirect_uris=redirect, algorithm="RS256",
    )  # fmt: skip


class ThreadingServer(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class QuietHandler(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Log nothing, because the lines would contain codes."""


def urls() -> list[Any]:
    from django.contrib.auth.views import LoginView

    return [path("accounts/login/", LoginView.as_view()), path("o/", include("oauth2_provider.urls"))]


def main(port: int, folder: Path, redirect: str) -> None:
    configure(port, folder)
    populate(redirect)
    globals()["urlpatterns"] = urls()
    from django.core.wsgi import get_wsgi_application

    with make_server("127.0.0.1", port, get_wsgi_application(), ThreadingServer, QuietHandler) as server:
        server.serve_forever()


if __name__ == "__main__":
    sys.modules["tests.oidc.provider"] = sys.modules["__main__"]
    main(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
