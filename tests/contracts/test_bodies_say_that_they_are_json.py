"""A body for the API is JSON, and says so or says nothing; a form or a page of text is refused before it is read."""

from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI, Request

from shared.web import install


@pytest.fixture
async def door() -> AsyncIterator[httpx.AsyncClient]:
    """An app with one route of the API, one of a page and one for a policy."""
    app = FastAPI()

    async def length(request: Request) -> int:
        return len(await request.body())

    for path in ("/v1/reports", "/tasks/tap", "/v1/policies", "/v1/receipts/mast"):
        app.add_api_route(path, length, methods=["POST"])
    install(app)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://larch") as client:
        yield client


@pytest.mark.parametrize(
    "kind", ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON", "application/cloudevents+json"]
)
async def test_json_by_any_of_its_names_is_read(door: httpx.AsyncClient, kind: str) -> None:
    answer = await door.post("/v1/reports", content=b"{}", headers={"content-type": kind})
    assert answer.status_code == 200


async def test_a_body_that_says_nothing_of_itself_is_read_as_json(door: httpx.AsyncClient) -> None:
    assert (await door.post("/v1/reports", content=b"{}")).status_code == 200


@pytest.mark.parametrize(
    "kind",
    ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", "application/xml", ""],
)
async def test_anything_else_is_a_400_that_names_the_header(door: httpx.AsyncClient, kind: str) -> None:
    answer = await door.post("/v1/reports", content=b"{}", headers={"content-type": kind})
    assert answer.status_code == 400
    assert answer.json()["code"] == "not_json"
    assert answer.json()["errors"] == [{"field": "Content-Type", "reason": "not_json"}]


async def test_what_has_no_body_needs_no_type(door: httpx.AsyncClient) -> None:
    answer = await door.post("/v1/reports", headers={"content-type": "text/plain"})
    assert answer.status_code == 200


@pytest.mark.parametrize("path", ["/tasks/tap", "/v1/policies", "/v1/receipts/mast"])
async def test_pages_policies_and_providers_write_as_they_do(door: httpx.AsyncClient, path: str) -> None:
    answer = await door.post(path, content=b"x=1", headers={"content-type": "application/x-www-form-urlencoded"})
    assert answer.status_code == 200
