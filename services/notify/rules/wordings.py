"""Which edition of our wording a message was written in: written down with each attempt, so that it can be shown later.

The texts stand in `templates/messages`; whoever changes one gives the edition the next number.
"""

EDITION = 1
