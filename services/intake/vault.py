"""The vault: a key for each referral, wrapped by the master keys, and texts sealed with it.

Every sealed text is bound to its place (table, name, referral), so that one copied into another row does not open.
Deleting a referral's key erases the person for good, in every backup of the texts too.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.rules.desk import Kept
from services.intake.store import sealed
from shared.rows import Insert
from shared.sealing import MasterKeys, new_key, seal, unseal


@dataclass(frozen=True)
class Vault:
    """Seals under the referral's own key; the master keys only wrap those."""

    master: MasterKeys

    def digests(self, body: bytes) -> tuple[bytes, ...]:
        """Keyed hashes of a body, the newest key's first: equal bodies are known again, and nothing can be guessed."""
        return tuple(hmac.new(key, body, hashlib.sha256).digest() for key in self.master.derive("body digest"))

    def seal_contact(self, handle: str, details: bytes) -> bytes:
        """Contact details that wait for their report."""
        return self.master.seal(details, _contact_place(handle))

    async def seal(
        self, connection: AsyncConnection, texts: Sequence[Kept], contacts: Mapping[str, bytes], new: Iterable[UUID]
    ) -> list[Insert]:
        """Texts sealed under their referrals' keys, to be written; keys are made now for the `new` referrals.

        `contacts` are the sealed details of the handles among the texts. An erased referral keeps nothing any more.
        """
        fresh = {referral_id: new_key() for referral_id in new}
        older = {text.referral_id for text in texts} - fresh.keys()
        keys = fresh | await self._keys(connection, older)
        wrapped = {id_: self._wrap(id_, key) for id_, key in fresh.items()}
        closed = [
            (text.referral_id, text.name, self._seal(text, keys[text.referral_id], contacts))
            for text in texts
            if text.referral_id in keys
        ]
        return [sealed.new_keys(wrapped), sealed.new_texts(closed)]

    async def read(self, connection: AsyncConnection, referral_id: UUID, name: str) -> bytes | None:
        """A text of a referral; None where there is none, or its key has been destroyed."""
        keys = await self._keys(connection, [referral_id])
        text = await sealed.text(connection, referral_id, name)
        if text is None or referral_id not in keys:
            return None
        return unseal(keys[referral_id], text, _place(referral_id, name))

    async def _keys(self, connection: AsyncConnection, referral_ids: Iterable[UUID]) -> dict[UUID, bytes]:
        wanted = sorted(referral_ids)
        if not wanted:
            return {}
        wrapped = await sealed.keys(connection, wanted)
        return {id_: self.master.open(key, _key_place(id_)) for id_, key in wrapped.items()}

    def _wrap(self, referral_id: UUID, key: bytes) -> bytes:
        return self.master.seal(key, _key_place(referral_id))

    def _seal(self, text: Kept, key: bytes, contacts: Mapping[str, bytes]) -> bytes:
        if text.text is not None:
            clear = text.text
        else:
            handle = text.handle or ""
            clear = self.master.open(contacts[handle], _contact_place(handle))
        return seal(key, clear, _place(text.referral_id, text.name))


def _place(referral_id: UUID, name: str) -> str:
    return f"vault|{name}|{referral_id}"


def _key_place(referral_id: UUID) -> str:
    return f"subject_keys|{referral_id}"


def _contact_place(handle: str) -> str:
    return f"contacts|{handle}"
