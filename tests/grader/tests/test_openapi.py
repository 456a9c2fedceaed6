"""What /openapi.json promises is found wherever FastAPI, or its user, chose to put it."""

from typing import Annotated, Any, Literal

import pytest
from fastapi import APIRouter, Body, FastAPI, Path, Query
from pydantic import BaseModel, Field, PositiveInt

from grader.openapi import Docs


class Page(BaseModel):
    """A model of the query's parameters."""

    size: PositiveInt | None = None
    order: Literal["up", "down"] = "up"


class Item(BaseModel):
    """An object whose fields bring their own examples."""

    name: str = Field(examples=["lamp"])
    price: int = Field(examples=[12])


@pytest.fixture
def docs() -> Docs:
    app, router = FastAPI(), APIRouter(prefix="/items")

    @router.get("")
    def show(page: Annotated[Page, Query()]) -> list[Item]:
        return []

    @router.get("/{item_name}")
    def find(item_name: Annotated[str, Path(examples=["lamp"])]) -> Item:
        return Item(name=item_name, price=1)

    @router.delete("/{which}")
    def drop(which: Annotated[str, Path(openapi_examples={"one": {"value": "desk"}})]) -> None: ...

    @router.post("")
    def add(item: Item) -> None: ...

    @router.put("")
    def replace(item: Annotated[Item, Body(examples=[{"name": "sofa", "price": 3}])]) -> None: ...

    app.include_router(router)
    return Docs(app.openapi())


@pytest.mark.parametrize(("route", "code"), [("GET /items/{name}", "200"), ("DELETE /items/{name}", "200")])
def test_the_name_of_a_path_parameter_does_not_matter(docs: Docs, route: str, code: str) -> None:
    assert code in docs.operation(route)["responses"]


def test_a_missing_route_is_an_assertion_that_names_it(docs: Docs) -> None:
    with pytest.raises(AssertionError, match="PATCH /items"):
        docs.operation("PATCH /items")


def test_a_missing_parameter_is_an_assertion_that_names_it(docs: Docs) -> None:
    with pytest.raises(AssertionError, match="colour"):
        docs.parameter("GET /items", "colour")


def test_a_missing_body_is_an_assertion_that_names_the_route(docs: Docs) -> None:
    with pytest.raises(AssertionError, match="DELETE /items"):
        docs.body("DELETE /items/{name}")


def test_facets_see_through_unions_and_exclusive_bounds(docs: Docs) -> None:
    facets = docs.facets(docs.parameter("GET /items", "size")["schema"])
    assert (facets["type"], facets["minimum"], facets["nullable"]) == ("integer", 1, True)


def test_facets_see_through_references(docs: Docs) -> None:
    facets = docs.facets(docs.body("POST /items")["schema"])
    assert facets["properties"].keys() == {"name", "price"}


@pytest.mark.parametrize(("route", "expected"), [("GET /items/{name}", ["lamp"]), ("DELETE /items/{name}", ["desk"])])
def test_examples_of_a_parameter(docs: Docs, route: str, expected: list[str]) -> None:
    assert docs.examples(docs.parameter(route, "name", place="path")) == expected


@pytest.mark.parametrize(
    ("route", "expected"),
    [("PUT /items", {"name": "sofa", "price": 3}), ("POST /items", {"name": "lamp", "price": 12})],
)
def test_first_example_of_a_body(docs: Docs, route: str, expected: dict[str, Any]) -> None:
    assert docs.examples(docs.body(route))[0] == expected


def test_nothing_is_an_example_of_what_has_none(docs: Docs) -> None:
    assert docs.examples(docs.parameter("GET /items", "size")) == []
