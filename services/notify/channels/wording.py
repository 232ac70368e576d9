"""What a person reads in an e-mail or a text message: neutral sentences, the reference, the deadline, the link.

A text can arrive two days late, in front of anybody: it must still be true then, and say nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from jinja2 import FileSystemLoader, StrictUndefined
from jinja2.sandbox import SandboxedEnvironment

from services.notify.channels.channel import Message
from shared.local_time import LONDON, written_out

TEMPLATES = Path(__file__).parents[1] / "templates" / "messages"


@dataclass(frozen=True)
class Text:
    """A rendered message; a text message has no subject."""

    subject: str
    body: str


class Wording:
    """Renders messages from `templates/messages`: one sentence for each type of notice, one frame for each means."""

    def __init__(self) -> None:
        # Plain text, nothing of it HTML: the one page that shows these texts escapes them itself.
        self._templates = SandboxedEnvironment(
            loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, autoescape=False, trim_blocks=True
        )

    def email(self, message: Message) -> Text:
        """Subject and body of an e-mail."""
        fields = self._fields(message, written_out)
        return Text(self._render("subject.txt", fields), self._render("email.txt", fields) + "\n")

    def push(self, message: Message) -> Text:
        """Title and body of what a device shows: a text's sentence, its first words above the rest."""
        title, _, rest = self._render("subject.txt", self._fields(message, _short)).partition(". ")
        return Text(title, rest)

    def sms(self, message: Message) -> Text:
        """A text message: one line; with its code, where it may be answered by one."""
        fields = self._fields(message, _short)
        return Text("", str(fields["sentence"]) if message.type == "answer" else self._render("sms.txt", fields))

    def _fields(self, message: Message, written: Callable[[datetime], str]) -> dict[str, object]:
        return {
            "sentence": self._render(_sentence(message), _named(message)),
            "code": message.code,
            "reference": message.reference,
            "deadline": written(message.respond_by) if message.respond_by else None,
            "url": message.url,
            "exercise": message.exercise,
        }

    def _render(self, name: str, fields: dict[str, object]) -> str:
        return self._templates.get_template(name).render(fields).strip()


def _named(message: Message) -> dict[str, object]:
    """What a sentence itself may name."""
    return {"reference": message.reference, "tasks": message.tasks, "url": message.url, "code": message.code}


def _sentence(message: Message) -> str:
    """The template of what a message says; a role's alert about no task is about the roster, a bundle about many."""
    if message.type == "answer":
        return f"answer.{message.verdict}.txt"
    if message.tasks > 1:
        return "bundle.txt"
    if message.type == "role.alert" and message.reference is None:
        return _about_no_task(message)
    return f"{message.type}.txt"


def _about_no_task(message: Message) -> str:
    """The operations desk is told of connections alone, everybody else of the roster."""
    if message.to.startswith("ops:"):
        return "role.alert.connection.txt"
    return "role.note.txt" if message.note else "role.alert.roster.txt"


def _short(instant: datetime) -> str:
    """`14:05 on Tue 24 Nov`, local: a text may be read days later, so the day is always there."""
    local = instant.astimezone(LONDON)
    return f"{local:%H:%M} on {local:%a} {local.day} {local:%b}"
