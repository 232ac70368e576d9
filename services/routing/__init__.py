"""Routing, the brain: roster and duty, policy, matching, and a referral's life with its clocks."""
