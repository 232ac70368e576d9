"""The pages somebody may open, for the top of every page of ours."""

from shared.identity import Principal, may

PAGES = (
    ("/tasks", "Tasks", "tasks.read"),
    ("/board", "Board", "board.read"),
    ("/roster", "Roster", "roster.read"),
    ("/coverage", "Coverage", "coverage.read"),
    ("/policy", "Policy", "policies.read"),
)
"""Path, name, and the action that opens it."""


def links(principal: Principal, here: str) -> list[tuple[str, str, bool]]:
    """Each page this principal may open: path, name, whether it is this one."""
    return [(path, name, path == here) for path, name, action in PAGES if may(principal, action)]


def home(principal: Principal) -> tuple[str, str]:
    """The page somebody comes from and goes back to: its path, and the words that lead there."""
    if may(principal, "tasks.read"):
        return "/tasks", "Back to your tasks"
    return ("/board", "Back to the board") if may(principal, "board.read") else ("/", "Back")
