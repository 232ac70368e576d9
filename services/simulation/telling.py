"""How the demo speaks: boxes and colour on a terminal, plain lines everywhere else."""

import asyncio
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from rich.console import Console
from rich.panel import Panel
from rich.rule import Rule
from rich.text import Text


@dataclass(frozen=True)
class Teller:
    """Tells a story on a console. `pace` is how long a reader is given for a line, in seconds; 0: no time at all."""

    console: Console
    pace: float = 1.2

    async def scene(self, title: str) -> None:
        """The heading of a new scene."""
        if self.console.is_terminal:
            self.console.print()
            self.console.print(Rule(Text(title, style="bold"), align="left", style="dim"))
        else:
            self._plain(f"\n== {title}")
        await self._rest(0.5)

    async def say(self, text: str) -> None:
        """A sentence or two of the story."""
        self.console.print(Text(text)) if self.console.is_terminal else self._plain(text)
        await self._rest(1.0)

    async def log(self, line: str, lines: float = 0.5) -> None:
        """A line as the control room's own log shows it; `lines` is what it takes a reader."""
        if self.console.is_terminal:
            self.console.print(Text.assemble((" log ", "black on cyan"), " ", (line, "cyan")))
        else:
            self._plain(f"   control room's log | {line}")
        await self._rest(lines)

    def waiting(self, text: str) -> AbstractContextManager[object]:
        """Something that moves on a terminal while nothing happens, for the length of the block."""
        return self.console.status(Text(text, style="dim")) if self.console.is_terminal else nullcontext()

    async def phone(self, whose: str, text: str) -> None:
        """A message as it stands on somebody's phone."""
        if self.console.is_terminal:
            self.console.print(
                Panel(Text(text.strip()), title=Text(whose), title_align="left", width=72, style="green")
            )
        else:
            self._plain(f"   phone of {whose} | " + " / ".join(line for line in text.splitlines() if line.strip()))
        await self._rest(1.0)

    def _plain(self, text: str) -> None:
        self.console.print(text, markup=False, highlight=False, soft_wrap=True)

    async def _rest(self, lines: float) -> None:
        await asyncio.sleep(self.pace * lines)
