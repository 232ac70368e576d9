"""The reckoning asks the services about everything accepted, and believes what they say."""

from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any

from services.simulation.access import Addresses, Answer, SimulationFailed
from services.simulation.check import BY_INTAKE, LOST, OWNERLESS, Reckoning
from services.simulation.items import ACCEPTED, Item
from services.simulation.ledger import Ledger
from services.simulation.notebook import Notebook
from services.simulation.summary import Run, summarise

NOON = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
DUE = "2026-06-01T13:00:00Z"


class Services:
    """Routing's list, intake's reports and notify's notices, as they would be answered."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        self.reports: dict[str, dict[str, Any]] = {}
        self.notices: dict[str, list[dict[str, Any]]] = {}

    async def pages(self, path: str, who: str, **query: str) -> AsyncIterator[Mapping[str, Any]]:
        if path == "/v1/notices":
            if query["reference"] not in self.notices:
                raise SimulationFailed("404")
            for notice in self.notices[query["reference"]]:
                yield notice
            return
        for row in self.rows:
            if row["force"] == query["force"] and who == f"coordinator:{row['force']}":
                yield row

    async def get(self, path: str, who: str) -> Answer:
        report = self.reports.get(path.rpartition("/")[2])
        return Answer(200, report) if report is not None and who == "control_room:herts" else Answer(404)


def ledger(*references: str) -> Ledger:
    book = Ledger()
    for number, reference in enumerate(references, start=1):
        key = f"kite-{number}"
        item = Item(number, "report", "http", "herts", "", NOON, key, f"{key}-e", ACCEPTED, {"idempotency_key": key})
        book.answered(book.send(item, 1.0), 202, reference, 1.2)
    return book


def row(reference: str, state: str = "offered", **more: Any) -> dict[str, Any]:
    return {"reference": reference, "force": "herts", "state": state, "holder": None, "next_due": DUE, **more}


def reckoning(services: Services, book: Ledger) -> Reckoning:
    return Reckoning(services, book, ("herts",))  # type: ignore[arg-type]


async def test_everything_is_found_in_the_list_or_at_the_front_desk() -> None:
    services = Services()
    services.rows = [row("AAAA-0001"), row("AAAA-0002", "offered", next_due=None)]
    services.reports = {
        "AAAA-0002": row("AAAA-0002"),
        "AAAA-0003": row("AAAA-0003", "waiting", opened=False),
        "AAAA-0004": row("AAAA-0004", "closed", opened=True, next_due=None),
    }
    verdict = await reckoning(services, ledger("AAAA-0001", "AAAA-0002", "AAAA-0003", "AAAA-0004", "AAAA-0005")).look()
    assert verdict.places == {
        "AAAA-0001": "on offer",
        "AAAA-0002": OWNERLESS,
        "AAAA-0003": BY_INTAKE,
        "AAAA-0004": "settled",
        "AAAA-0005": LOST,
    }
    assert not verdict.settled


async def test_a_second_look_asks_again_only_about_what_was_open() -> None:
    services = Services()
    services.rows = [row("AAAA-0001")]
    services.reports = {"AAAA-0002": row("AAAA-0002", "waiting", opened=False)}
    asked = reckoning(services, ledger("AAAA-0001", "AAAA-0002"))
    assert not (await asked.look()).settled
    services.rows = [row("AAAA-0002", "accepted", holder={"force": "herts", "id": "H1042"})]
    verdict = await asked.look()
    assert verdict.settled
    assert verdict.owners == {"on offer": 1, "owned": 1}


async def test_two_offers_to_one_officer_are_found_by_notifys_own_account() -> None:
    services = Services()
    services.rows = [row("AAAA-0001"), row("AAAA-0002")]
    once = {"id": "n-1", "to": "H1042", "type": "task.offered"}
    services.notices = {
        "AAAA-0001": [once, {"id": "n-2", "to": "H1042", "type": "task.offered"}],
        "AAAA-0002": [once, {"id": "n-3", "to": "H1042", "type": "task.reminder"}, {**once, "to": "H1001"}],
    }
    verdict = await reckoning(services, ledger("AAAA-0001", "AAAA-0002")).look()
    assert verdict.told_twice == {"AAAA-0001"}


async def test_the_figures_are_zero_only_when_all_is_well() -> None:
    services = Services()
    services.rows = [row("AAAA-0001")]
    well = summarise(
        Run(ledger("AAAA-0001"), await reckoning(services, ledger("AAAA-0001")).look(), Notebook(), {}, 1.0)
    )
    assert well.good
    assert (well.accepted, well.owners, well.lost) == (1, {"on offer": 1}, 0)
    book = ledger("AAAA-0001", "AAAA-0002")
    ill = summarise(Run(book, await reckoning(services, book).look(), Notebook(), {}, 1.0))
    assert not ill.good
    assert (ill.lost, ill.doubled, ill.ownerless) == (1, 0, 0)


def test_each_path_goes_to_the_service_that_has_it() -> None:
    parted = Addresses("http://a", "http://b", "http://c")
    assert parted.url("/v1/reports/AAAA-0001") == "http://a/v1/reports/AAAA-0001"
    assert parted.url("/v1/referrals") == "http://b/v1/referrals"
    assert parted.url("/demo/token") == "http://b/demo/token"
    assert parted.url("/phones") == "http://c/phones"
    assert Addresses.one("http://d/").url("/v1/notices") == "http://d/v1/notices"
