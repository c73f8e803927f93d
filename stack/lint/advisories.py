"""Ask OSV for known vulnerabilities of the packages in the zip that is deployed (pip-audit). For `make check`.

OSV and not PyPI: a mirror of PyPI answers that it knows no package, and pip-audit then finds "no known
vulnerabilities". Without an answer, as on a machine without internet, the check does not fail: it says that nothing was
checked.
"""

import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

PINNED = Path("requirements.txt")
OPTIONS = (
    "--vulnerability-service",
    "osv",
    "--disable-pip",
    "--no-deps",
    "--progress-spinner",
    "off",
    "--timeout",
    "10",
)


def main(deployed: Path) -> int:
    pins = deployed.with_name("advisories.txt")
    pins.write_text("\n".join(sorted(shipped(deployed, PINNED.read_text()))))
    command = [sys.executable, "-m", "pip_audit", *OPTIONS, "--format", "json", "--requirement", str(pins)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    code, text = verdict(done.stdout, done.stderr)
    if text:
        print(text)
    return code


def shipped(deployed: Path, requirements: str) -> set[str]:
    """Return `name==version` of each package that is in the zip, or that is pinned for it."""
    pins = {line.split("#")[0].strip() for line in requirements.splitlines() if "==" in line.split("#")[0]}
    with zipfile.ZipFile(deployed) as files:
        folders = {name.partition("/")[0] for name in files.namelist() if ".dist-info/" in name}
    names = {_plain(pin.partition("==")[0]) for pin in pins}
    packages = [folder.removesuffix(".dist-info").split("-") for folder in folders]
    return pins | {f"{name}=={version}" for name, version in packages if _plain(name) not in names}


def _plain(name: str) -> str:
    return re.sub("[-_.]+", "-", name).lower()


def verdict(answer: str, errors: str) -> tuple[int, str]:
    """Return the exit code, and what to print. `answer`: JSON, if pip-audit got an answer."""
    try:
        packages = json.loads(answer)["dependencies"]
    except ValueError:
        last_line = (errors.strip() or "no answer").splitlines()[-1]
        return 0, f"pip-audit: NOTHING WAS CHECKED for known vulnerabilities: {last_line[:160]}"
    found = [
        f"{each['name']} {each['version']}: {problem['id']}, fixed in {', '.join(problem['fix_versions']) or 'none'}"
        for each in packages
        for problem in each.get("vulns", [])
    ]
    return (1, "\n".join(["pip-audit: known vulnerabilities:", *found])) if found else (0, "")


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
