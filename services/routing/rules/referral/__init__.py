"""A referral's life: `f(referral, facts, now) -> (referral, events)`, no I/O, no clock, no random numbers.

Read `state` for what a referral is, `opening` for how it begins, `advance` for what time does to it, `answers`
and `changes` for what people do to it.
"""
