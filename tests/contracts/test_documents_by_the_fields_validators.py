"""The documents before the judges of the field: AsyncAPI's own schema, an OpenAPI validator, JSON Schema."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator, Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from services.commands.contract import router_of
from shared.contracts.documents import asyncapi
from shared.described import ANSWERS, EXAMPLES, answers_given_by, api_routes, body_read_by
from shared.server import openapi_of
from shared.settings import SERVICES
from shared.web import json_body
from tests.said import unsaid

ASYNCAPI_3 = Path(__file__).parents[2] / "node_modules" / "@asyncapi" / "specs" / "schemas" / "3.0.0.json"
EVENTS = asyncapi()
DOCUMENTS = {service: openapi_of(service, router_of(service)) for service in SERVICES}
ROUTES = [route for service in SERVICES for route in api_routes(router_of(service).routes)]
OPERATIONS = [
    pytest.param(operation, id=f"{method} {path}")
    for document in DOCUMENTS.values()
    for path, operations in document["paths"].items()
    for method, operation in operations.items()
]
MESSAGES = sorted(EVENTS["components"]["messages"])


@pytest.fixture(scope="module")
def official() -> Draft7Validator:
    assert ASYNCAPI_3.exists(), "`make assets` installs AsyncAPI's own schema; run it first"
    return Draft7Validator(json.loads(ASYNCAPI_3.read_text("utf-8")))


def within(document: Any, pointer: str) -> Draft202012Validator:
    """A validator of one schema of a document, which may refer to its others."""
    whole: Resource[Any] = Resource.from_contents(document, default_specification=DRAFT202012)
    registry: Registry[Any] = Registry().with_resource("urn:document", whole)
    return Draft202012Validator({"$ref": f"urn:document#{pointer}"}, registry=registry)


def test_the_events_are_described_as_asyncapi_3_has_it(official: Draft7Validator) -> None:
    assert [error.message for error in official.iter_errors(EVENTS)] == []


def test_that_schema_would_notice_a_slip(official: Draft7Validator) -> None:
    slipped = copy.deepcopy(EVENTS)
    slipped["channels"]["inbound"]["adress"] = slipped["channels"]["inbound"].pop("address")
    assert list(official.iter_errors(slipped))


@pytest.mark.parametrize("name", MESSAGES)
def test_every_example_of_an_event_is_what_its_own_schema_says(name: str) -> None:
    payload = within(EVENTS, f"/components/messages/{name}/payload")
    headers = within(EVENTS, "/components/schemas/headers")
    examples = EVENTS["components"]["messages"][name]["examples"]
    assert examples
    for example in examples:
        payload.validate(example["payload"])
        headers.validate(example["headers"])


@pytest.mark.parametrize("service", SERVICES)
def test_the_routes_are_described_as_openapi_has_it(service: str) -> None:
    assert [error.message for error in OpenAPIV31SpecValidator(DOCUMENTS[service]).iter_errors()] == []


def test_every_body_that_a_route_reads_is_described() -> None:
    silent = [
        route.path
        for route in ROUTES
        if any(inner.call is json_body for inner in route.dependant.dependencies) and body_read_by(route) is None
    ]
    assert silent == []


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_example_of_a_body_is_what_its_own_schema_says(operation: dict[str, Any]) -> None:
    for content in operation.get("requestBody", {}).get("content", {}).values():
        for example in content.get("examples", {}).values():
            Draft202012Validator(content["schema"]).validate(example["value"])


def test_every_body_has_an_example_that_its_model_reads_and_no_example_is_left_over() -> None:
    models = {body.model.__name__: body.model for route in ROUTES if (body := body_read_by(route)) is not None}
    kept = {path.stem: path.read_bytes() for path in EXAMPLES.glob("*.json")}
    assert kept.keys() == models.keys()
    for name, model in models.items():
        model.model_validate_json(kept[name])


@pytest.mark.parametrize("service", SERVICES)
def test_every_operation_says_how_it_refuses_in_problem_details(service: str) -> None:
    document = DOCUMENTS[service]
    problem = within(document, "/components/schemas/Problem")
    for operations in document["paths"].values():
        for method, operation in operations.items():
            refusals = {status: told for status, told in operation["responses"].items() if status >= "4"}
            assert {"422", "503"} <= refusals.keys()
            assert ({"400", "409", "413"} <= refusals.keys()) == (method != "get")
            for status, told in refusals.items():
                example = told["content"]["application/problem+json"]["examples"]["example"]["value"]
                problem.validate(example)
                assert str(example["status"]) == status


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_operation_says_what_it_answers_with_a_schema_and_an_example_of_it(operation: dict[str, Any]) -> None:
    successes = {status: told for status, told in operation["responses"].items() if status < "4"}
    assert successes
    for status, told in successes.items():
        assert told["description"].strip()
        assert ("content" in told) == (status != "204")
        for content in told.get("content", {}).values():
            Draft202012Validator.check_schema(content["schema"])
            assert content["schema"].get("type"), "a schema that says nothing"
            Draft202012Validator(content["schema"]).validate(content["examples"]["example"]["value"])


def test_every_answer_has_an_example_that_its_model_reads_whole_and_no_example_is_left_over() -> None:
    models = {model.__name__: model for route in ROUTES for model in answers_given_by(route).values() if model}
    kept = {path.stem: json.loads(path.read_bytes()) for path in ANSWERS.glob("*.json")}
    assert kept.keys() == models.keys()
    for name, model in models.items():
        assert unsaid(model, kept[name]) == []


def test_what_needs_a_token_says_so() -> None:
    report = DOCUMENTS["intake"]["paths"]["/v1/reports"]["post"]
    assert report["security"] == [{"token": []}]
    assert {"401", "403"} <= report["responses"].keys()


def test_an_action_may_carry_an_idempotency_key() -> None:
    accept = DOCUMENTS["routing"]["paths"]["/v1/referrals/{reference}/accept"]["post"]
    assert "Idempotency-Key" in {parameter["name"] for parameter in accept["parameters"]}
    assert accept["requestBody"]["required"] is False
