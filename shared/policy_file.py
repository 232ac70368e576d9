"""The policy a process starts from: the file of `POLICY`, else the one that ships with the project."""

from functools import lru_cache
from pathlib import Path

from shared.contracts.policy import PolicyDocument, PolicyError, parse_policy
from shared.settings import Settings, SettingsError

SHIPPED = Path(__file__).resolve().parent.parent / "deploy" / "policy.toml"


@lru_cache(maxsize=8)
def _load(path: Path, _changed: float) -> PolicyDocument:
    return parse_policy(path.read_text(encoding="utf-8"))


def load_policy(settings: Settings) -> PolicyDocument:
    """The policy document to start from; SettingsError with the first thing wrong in the file."""
    path = settings.policy or SHIPPED
    try:
        return _load(path, path.stat().st_mtime)
    except (PolicyError, OSError) as error:
        raise SettingsError("POLICY", str(error).splitlines()[0]) from None


def forces(settings: Settings) -> list[str]:
    """Codes of the forces the policy names, in its order."""
    return list(load_policy(settings).forces)
