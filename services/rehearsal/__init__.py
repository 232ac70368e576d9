"""A rehearsal with a control room's own client: Liaison's side of the whole conversation, and a verdict on theirs."""
