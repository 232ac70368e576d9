"""Made-up people: names that belong to nobody, Ofcom's numbers for drama, addresses under example.org."""

from random import Random

_GIVEN = (
    "Ada Alwyn Amara Anwen Arlo Asha Bella Ben Bryn Callum Carys Chidi Clem Dara Dev Dilys Efua Eilidh Elin Ellis "
    "Emeka Esme Farah Femi Fern Finn Gita Grace Gwen Hana Harun Hollis Ife Imran Ines Iona Isla Jai Joan Jules "
    "Kamal Kit Kofi Lena Leo Lowri Mabel Mina Moss Nadia Nell Nia Noor Olu Orla Oscar Priya Quinn Rafi Ravi Remy "
    "Rhys Rowan Ruth Sana Saoirse Selin Seth Sorrel Tamsin Tariq Teddy Thea Tomasz Uma Vera Wanda Will Xan Yara "
    "Yusuf Zadie Zofia"
)
_FAMILY = (
    "Abara Adeyemi Alder Amsel Ashby Aziz Barlow Bassey Begum Birch Blythe Bramley Brock Carew Chaudhry Clay Colby "
    "Cotter Crane Dale Darko Dunmore Eaves Ekwueme Elmore Fairley Fenn Flint Foss Garside Gill Greaves Hale Hartley "
    "Hassan Heron Holt Hussain Ingram Iqbal Jessop Jha Kaur Keane Kestrel Khan Kowalska Lacey Larkin Linnet Lyle "
    "Maddox Malik Marlow Mensah Merrow Moss Nair Nolan Nowak Okafor Okoro Orchard Osei Page Patel Penrose Pike Quill "
    "Rahman Reed Rook Rowe Sable Sandhu Shaw Sorley Sparrow Stoke Swift Tate Thorne Usman Vale Wade Warsame Webb "
    "Wilder Wren Yates Zaman"
)

GIVEN = tuple(_GIVEN.split())
FAMILY = tuple(_FAMILY.split())

_LANDLINES = (
    "+44207946", "+44121496", "+44113496", "+44114496", "+44115496", "+44116496", "+44117496", "+44118496",
    "+44131496", "+44141496", "+44151496", "+44161496", "+44191498",
)  # fmt: skip
"""Beginnings of the landline ranges that Ofcom keeps free for drama, each followed by 0000 to 0999."""


def full_name(draw: Random) -> str:
    """A name of two words."""
    return f"{draw.choice(GIVEN)} {draw.choice(FAMILY)}"


def drama_mobile(number: int) -> str:
    """One of the thousand mobile numbers for drama; `number` wraps round."""
    return f"+447700900{number % 1_000:03d}"


def drama_phone(number: int) -> str | None:
    """The `number`th phone number for drama, mobiles first; None when they are used up."""
    block, rest = divmod(number, 1_000)
    if block == 0:
        return drama_mobile(number)
    return f"{_LANDLINES[block - 1]}0{rest:03d}" if block <= len(_LANDLINES) else None


def mailbox(name: str, number: int) -> str:
    """`rowan.ashby.7@example.org`."""
    return f"{name.lower().replace(' ', '.')}.{number}@example.org"
