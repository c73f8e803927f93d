"""What Python imports with a handler, in a process of its own."""

import subprocess
import sys

from chalicelib.delivery.worker import KINDS
from chalicelib.edge.routes import GENERATED, generated_module
from stack.paths import ROOT


def test_importing_the_application_needs_no_environment_builds_no_client_and_loads_no_slow_package() -> None:
    """A slow package would slow the cold start of every function, so each import is in the function that uses it."""
    probe = (
        "import boto3, sys\n"
        "def client(*a, **k): raise SystemExit('a client at import')\n"
        "boto3.client = boto3.resource = boto3.Session = client\n"
        "import app\n"
        "slow = {'jinja2', 'itsdangerous', 'cryptography', 'joserfc', 'cffi'} & set(sys.modules)\n"
        "import manage\n"
        "sys.exit(' '.join(slow))"
    )
    done = run_python(probe)
    assert (done.returncode, done.stderr.strip()) == (1, "")


def test_the_function_of_pages_and_signing_imports_only_their_modules() -> None:
    others = ("chalicelib.people", "chalicelib.partners.imports", "chalicelib.exports", "chalicelib.delivery")
    code = (
        f"import sys, types\nmodule = sys.modules[{GENERATED!r}] = types.ModuleType({GENERATED!r})\n"
        f"exec({generated_module()!r}, vars(module))\n"
        f"import app\nsys.exit(' '.join(name for name in sys.modules if name.startswith({others})))"
    )
    done = run_python(code, SERVED_FUNCTION="APIHandler")
    assert (done.returncode, done.stderr.strip()) == (1, "")


def test_the_functions_find_every_kind_of_email_without_app_py() -> None:
    """Lambda loads the module of a handler. app.py, which the tests import, belongs to another function."""
    code = "from chalicelib.delivery.worker import KINDS; import sys; print(*sorted(KINDS), 'app' in sys.modules)"
    done = run_python(code)
    assert done.stdout.split() == [*sorted(KINDS), "False"], done.stderr


def run_python(code: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"PYTHONDONTWRITEBYTECODE": "1", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
