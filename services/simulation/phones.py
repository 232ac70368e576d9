"""The demo's phones and mailboxes, looked at every few seconds: how officers without a webhook learn of a task."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from services.simulation.access import Call, Client, SimulationFailed
from services.simulation.notebook import Notebook, Notice


async def messages(client: Client, to: str | None = None) -> list[Mapping[str, Any]]:
    """The newest messages, newest first, to everybody or to one person; none where there are no such pages."""
    query = {"format": "json"} | ({"to": to} if to is not None else {})
    try:
        answer = await client.ask(Call("GET", "/phones", "ops", query=query), patience=0)
    except SimulationFailed:
        return []
    return list(answer.body.get("items", ())) if answer.good else []


async def watch(client: Client, notebook: Notebook, told: Callable[[Notice], None], every: float) -> None:
    """Look at the phones every `every` seconds, for ever, and pass on what is new. What is there at first is old."""
    for message in await messages(client):
        notebook.note(_notice(message))
    while True:
        await asyncio.sleep(every)
        for message in reversed(await messages(client)):
            notice = _notice(message)
            if notebook.note(notice):
                told(notice)


def _notice(message: Mapping[str, Any]) -> Notice:
    return Notice(
        str(message.get("id")),
        str(message.get("to")),
        str(message.get("type")),
        message.get("reference"),
        message.get("respond_by"),
    )
