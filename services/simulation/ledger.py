"""What was sent, what was answered, and what is wrong with the two together. Pure.

The questions at the end: was every report that was accepted kept by somebody, was anything lost or doubled, and was
everything that had to be refused refused, with a reason, to the sender, under the sender's own key?
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from services.simulation.items import Item

SETTLED = frozenset({"closed", "withdrawn", "handed_off"})
OWNED = frozenset({"accepted", "contacted"})


@dataclass(frozen=True)
class Heard:
    """One record of `outbound.<force>`: what it says, under which key, and when it came (monotonic seconds)."""

    force: str
    key: str | None
    type: str
    body: Mapping[str, Any]
    at: float

    @property
    def in_reply_to(self) -> str | None:
        """The inbound `ce_id` it answers."""
        return self.body.get("in_reply_to")

    @property
    def reference(self) -> str | None:
        """The report it is about."""
        return self.body.get("reference")


@dataclass
class Sent:
    """An item that went out, and what came back. `status` and `reference` are HTTP's; a topic's answers are `Heard`."""

    item: Item
    at: float
    status: int | None = None
    reference: str | None = None
    answered_at: float | None = None


@dataclass
class Ledger:
    """Everything sent and everything heard."""

    sent: dict[int, Sent] = field(default_factory=dict)
    accepted: dict[tuple[str, str], list[Heard]] = field(default_factory=lambda: defaultdict(list))
    rejected: dict[tuple[str, str], list[Heard]] = field(default_factory=lambda: defaultdict(list))
    unnamed: dict[tuple[str, str | None], list[Heard]] = field(default_factory=lambda: defaultdict(list))
    references: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """References that each (force and idempotency key) has been given."""
    sequences: dict[tuple[str, str], int] = field(default_factory=dict)
    not_kept: list[tuple[int, int]] = field(default_factory=list)
    """Items whose contact details the vault did not take, with the status it gave."""
    gaps: int = 0
    log_lines: int = 0

    def send(self, item: Item, at: float) -> Sent:
        """Note that an item is going out."""
        self.sent[item.number] = Sent(item, at)
        return self.sent[item.number]

    def answered(self, sent: Sent, status: int, reference: str | None, at: float) -> None:
        """Note an answer over HTTP."""
        sent.status, sent.reference, sent.answered_at = status, reference, at
        if reference is not None and sent.item.idempotency_key is not None:
            self._named(sent.item.force, sent.item.idempotency_key, reference)

    def hear(self, heard: Heard) -> None:
        """Note a record of an outbound topic."""
        self.log_lines += "log_line" in heard.body
        reply_to = heard.in_reply_to
        if heard.type == "report.accepted" and reply_to is not None:
            self.accepted[heard.force, reply_to].append(heard)
        elif heard.type == "report.rejected" and reply_to is not None:
            self.rejected[heard.force, reply_to].append(heard)
        elif heard.type == "report.rejected":
            self.unnamed[heard.force, heard.key].append(heard)
        if heard.reference is not None:
            self._in_order(heard)
            key = heard.body.get("idempotency_key")
            if key is not None:
                self._named(str((heard.body.get("source") or {}).get("force", heard.force)), key, heard.reference)

    def _named(self, force: str, key: str, reference: str) -> None:
        self.references[f"{force} {key}"].add(reference)

    def _in_order(self, heard: Heard) -> None:
        """Events of one report come in the order of their sequence. One that comes again is no gap."""
        sequence, place = heard.body.get("sequence"), (heard.force, heard.reference or "")
        before = self.sequences.get(place)
        if not isinstance(sequence, int) or (before is None and sequence != 1):
            return
        self.gaps += before is not None and sequence > before + 1
        self.sequences[place] = max(before or 0, sequence)

    def answer_to(self, item: Item) -> Heard | None:
        """The outbound record that answers an item of a topic: by its id, by its key where the id was unreadable."""
        place = (item.force, item.event_id)
        if item.hostile:
            found = self.rejected.get(place) or self.unnamed.get((item.force, item.key))
            if found:
                return found[0]
            # An id used twice: the acceptance belongs to the first.
            return None if item.kind == "reused_id" else next(iter(self.accepted.get(place, ())), None)
        return next(iter(self.accepted.get(place, ())), None) or next(iter(self.rejected.get(place, ())), None)

    def reference_of(self, item: Item) -> str | None:
        """The reference an accepted item was given, whichever way it came."""
        sent = self.sent[item.number]
        if sent.reference is not None:
            return sent.reference
        heard = self.answer_to(item)
        return heard.reference if heard is not None else None


@dataclass(frozen=True)
class Wrong:
    """One thing that is not as it must be. `number` is the item's."""

    what: str
    number: int
    kind: str
    detail: str


def pending(ledger: Ledger) -> list[Item]:
    """Items that still wait for their answer."""
    return [sent.item for sent in ledger.sent.values() if not _has_answer(ledger, sent)]


def _has_answer(ledger: Ledger, sent: Sent) -> bool:
    if sent.item.way == "http":
        return sent.status is not None
    # A redelivery is dropped in silence; its original is answered.
    return sent.item.kind == "redelivery" or ledger.answer_to(sent.item) is not None


def faults(ledger: Ledger) -> Iterator[Wrong]:
    """Everything wrong with the answers: none, the wrong one, one without a reason, or two for one key."""
    for sent in ledger.sent.values():
        item = sent.item
        wrong = _over_http(sent) if item.way == "http" else _over_topic(ledger, item)
        if wrong is not None:
            yield Wrong(wrong[0], item.number, item.kind, wrong[1])
        elif item.kind == "resend":
            yield from _same_as_first(ledger, item)
    for number, status in ledger.not_kept:
        yield Wrong("wrongly rejected", number, "contact details", str(status))
    for key, references in ledger.references.items():
        if len(references) > 1:
            yield Wrong("doubled", 0, key, f"{len(references)} references for one key")


def _over_http(sent: Sent) -> tuple[str, str] | None:
    expected, status = sent.item.expected, sent.status
    if not status:
        return "unanswered", "nobody answered"
    if status in expected.statuses:
        return None if sent.item.hostile or sent.reference else ("unanswered", "accepted without a reference")
    if not sent.item.hostile:
        return "wrongly rejected", str(status)
    return ("wrongly accepted" if status < 300 else "surprise", str(status))


def _over_topic(ledger: Ledger, item: Item) -> tuple[str, str] | None:
    heard = ledger.answer_to(item)
    if heard is None:
        return None if item.kind == "redelivery" else ("unanswered", "nothing on outbound")
    accepted, code = heard.type == "report.accepted", str(heard.body.get("code"))
    if not item.hostile:
        return None if accepted else ("wrongly rejected", code)
    if accepted:
        return "wrongly accepted", heard.type
    if not heard.body.get("errors"):
        return "without a reason", code
    if heard.key != item.key:
        return "under another key", code
    return None if code in item.expected.codes else ("surprise", code)


def _same_as_first(ledger: Ledger, item: Item) -> Iterator[Wrong]:
    first = ledger.sent.get(item.expected.of or 0)
    if first is None:
        return
    one, other = ledger.reference_of(first.item), ledger.reference_of(item)
    if one and other and one != other:
        yield Wrong("doubled", item.number, item.kind, "another reference for the same message")


def owner(row: Mapping[str, Any]) -> str | None:
    """Who has a report, given its `state`, `holder` and `next_due`; None: nobody, and that must never be."""
    state = row.get("state")
    if state in SETTLED:
        return "settled"
    if state in OWNED and row.get("holder"):
        return "owned"
    if state == "offered" and row.get("next_due"):
        return "on offer"
    if state == "waiting" and row.get("next_due"):
        return "held by a role"
    return None
