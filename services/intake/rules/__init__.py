"""Intake's decisions: pure functions of what came in, what is known and what time it is."""
