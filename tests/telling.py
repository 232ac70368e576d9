"""Words that would tell a stranger something: why somebody needs a liaison officer, who, or whom we work for."""

import re
from collections.abc import Iterator

# Beginnings of words, over several lines as people read them.
WHY = """
lgbt lesbian gay bisexual trans queer pride rainbow gender sexual orientation identity hate homophob biphob transphob
victim offender assault abuse harass vulnerab suicid harm domestic honour child weapon strand
"""
"""For what is read by people at work, too: titles, refusals, log lines, figures."""

TELLING = f"""{WHY}
crime incident witness suspect risk police officer constable force herts beds cambs hertfordshire bedfordshire
cambridgeshire liaison llo support report person caller complain investigat case name address phone
"""
"""For what a stranger may see over somebody's shoulder: messages, and the senders they come from."""

_ORDINARY = re.compile(r"\btrans(?=fer|action|ient|lat|port|mi)", re.IGNORECASE)
"""Words of trades that begin like one that tells."""


def telling(text: str, words: str) -> Iterator[str]:
    """The beginnings of words in a text that tell; names written with underscores are several words."""
    plain = _ORDINARY.sub("", text.replace("_", " "))
    return (word for word in words.split() if re.search(rf"\b{word}", plain, re.IGNORECASE))
