"""A class that knows no HTTP, dataclasses, an exception handler, and parameters in the style of before `Annotated`."""

# ruff: noqa: B008, FAST002, UP042

from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Annotated, Any

from fastapi import Body, FastAPI, Path, Query, Request, Response
from fastapi.responses import JSONResponse


class Kind(str, Enum):
    """What a model can do."""

    classification = "classification"
    embedding = "embedding"
    generation = "generation"


@dataclass(frozen=True)
class Model:
    """A machine learning model."""

    name: str
    kind: Kind
    size_mb: int
    released: date


class Refused(Exception):
    """The catalogue cannot do that: why, and the status that says so."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason


class Catalogue:
    """Models by name."""

    def __init__(self, *models: Model) -> None:
        self._models = {model.name: model for model in models}

    def all(self) -> list[Model]:
        """All models, oldest entry first."""
        return [*self._models.values()]

    def get(self, name: str) -> Model:
        """The model with this name; raises `Refused`."""
        try:
            return self._models[name]
        except KeyError:
            raise Refused(404, f"Who is {name}?") from None

    def add(self, model: Model) -> None:
        """Take in a model; raises `Refused`."""
        if model.name in self._models:
            raise Refused(409, f"{model.name} is here")
        self._models[model.name] = model

    def remove(self, name: str) -> None:
        """Drop a model; raises `Refused`."""
        del self._models[self.get(name).name]

    def newest(self) -> Model:
        """The model released last; raises `Refused`."""
        newest = max(self.all(), key=lambda model: model.released, default=None)
        if newest is None:
            raise Refused(404, "There is nothing here")
        return newest


shelf = Catalogue(
    Model("all-minilm-l6-v2", Kind.embedding, 91, date(2021, 8, 30)),
    Model("smollm2-135m", Kind.generation, 269, date(2024, 10, 31)),
    Model("magika", Kind.classification, 3, date(2024, 2, 15)),
    Model("efficientnet-lite0", Kind.classification, 19, date(2020, 3, 16)),
    Model("gpt2", Kind.generation, 548, date(2019, 2, 14)),
    Model("bge-small-en", Kind.embedding, 133, date(2023, 8, 5)),
)
app = FastAPI(title="Shelf")
unknown: dict[int | str, dict[str, Any]] = {404: {"description": "Nothing there"}}
taken: dict[int | str, dict[str, Any]] = {409: {"description": "Taken"}}
sample = Model("sample", Kind.embedding, 1, date(2020, 1, 1))


@app.exception_handler(Refused)
def answer(request: Request, refused: Refused) -> JSONResponse:
    """Put a refusal into HTTP."""
    return JSONResponse({"detail": refused.reason}, refused.status)


@app.get("/models", response_model=list[Model], summary="look around")
def index(
    kind: Kind | None = Query(default=None),
    max_size_mb: int = Query(default=10**9, gt=-1),
    limit: int = Query(default=20, ge=1, le=100),
    offset: int = Query(default=0, ge=0),
) -> Any:
    """Find models."""
    fits = filter(lambda model: model.size_mb <= max_size_mb and kind in (None, model.kind), shelf.all())
    return [*fits][offset : offset + limit]


@app.post("/models", status_code=201, summary="put one in", responses=taken)
def create(model: Annotated[Model, Body(openapi_examples={"sample": {"value": sample}})]) -> Model:
    """Take in a model."""
    shelf.add(model)
    return model


app.add_api_route("/models/latest", shelf.newest, methods=["GET"], summary="the newest of all", responses=unknown)


@app.get("/models/{which}", summary="take one out to look at it", responses=unknown)
def show(which: str = Path(examples=["gpt2"])) -> Model:
    """Find a model."""
    return shelf.get(which)


@app.delete("/models/{which}", summary="throw one away", responses=unknown | {204: {"description": "Thrown away"}})
def destroy(which: str = Path(examples=["gpt2"])) -> Response:
    """Drop a model."""
    shelf.remove(which)
    return Response(status_code=204)
