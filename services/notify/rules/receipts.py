"""What a provider's receipt means for an attempt (statuses of GOV.UK Notify's documentation)."""

from services.notify.rules.attempts import Outcome


def outcome_of(status: str, provider_id: str | None = None) -> Outcome | None:
    """What a status says; None for one that settles nothing.

    `temporary-failure` comes when the provider has given up (a phone that stayed off, a full mailbox): this means
    has failed, and waiting for it would keep the next from starting. `technical-failure` never left the provider.
    """
    match status:
        case "delivered":
            return Outcome("delivered", provider_id=provider_id)
        case "permanent-failure" | "temporary-failure":
            return Outcome("refused", status.replace("-", "_"), provider_id=provider_id)
        case "technical-failure":
            return Outcome("retry", "technical_failure", elsewhere=True, provider_id=provider_id)
        case _:
            return None
