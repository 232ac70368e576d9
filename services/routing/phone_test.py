"""An officer tries their own means: notify is asked to tell them something over each."""

from services.routing.roster_change import TOPIC
from services.routing.rules.roster.proof import WITHIN, may_test
from services.routing.store import phone_tests as store
from shared.contracts.officers import OfficerTestAsked
from shared.database import Unit
from shared.errors import FieldError, Invalid
from shared.journal import Outgoing


async def ask_for_test(unit: Unit, officer: str) -> None:
    """Ask for a test of an officer's means. Invalid after five within an hour: nobody's phone is flooded."""
    await store.lock(unit.connection, officer)
    real = await unit.real_now()
    if not may_test(await store.tested_since(unit.connection, officer, real - WITHIN)):
        raise Invalid(errors=[FieldError("officer", "too_many_tests")])
    await store.begin(unit.connection, officer, real)
    now = await unit.now()
    await unit.append([Outgoing(TOPIC, f"test:{officer}", OfficerTestAsked(officer=officer, at=now), now)])
