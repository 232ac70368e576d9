"""How the policy changes: what differs, what would break the house, and who may say so."""
