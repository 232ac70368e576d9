"""A form speaks for whoever was signed in when its page was drawn, and for nobody else."""

from shared.errors import Unauthenticated
from shared.identity import Principal


def same_person(principal: Principal, who: str) -> None:
    """A page left open on a shared screen, or an answer kept there, never speaks for whoever signed in since."""
    if who and who != str(principal):
        raise Unauthenticated("somebody_else", "Somebody else is signed in here now")
