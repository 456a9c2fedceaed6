"""Nothing is raised: failures are returned as responses. Rows are dictionaries, and each field brings its example."""

# ruff: noqa: UP045

from datetime import date
from typing import Annotated, Any, Literal, Optional

from fastapi import FastAPI, Path, Query, Response
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

Kind = Literal["generation", "embedding", "classification"]
Key = Annotated[str, Path(examples=["bge-small-en"])]


class Row(BaseModel):
    """A row of the table."""

    name: str = Field(examples=["row"])
    kind: Kind = Field(examples=["generation"])
    size_mb: int = Field(examples=[7])
    released: date = Field(examples=["2001-01-01"])


class Problem(BaseModel):
    """What went wrong."""

    detail: str


app = FastAPI()
columns = ("name", "kind", "size_mb", "released")
table: list[dict[str, Any]] = [
    dict(zip(columns, cells, strict=True))
    for cells in (
        ("all-minilm-l6-v2", "embedding", 91, "2021-08-30"),
        ("smollm2-135m", "generation", 269, "2024-10-31"),
        ("magika", "classification", 3, "2024-02-15"),
        ("efficientnet-lite0", "classification", 19, "2020-03-16"),
        ("gpt2", "generation", 548, "2019-02-14"),
        ("bge-small-en", "embedding", 133, "2023-08-05"),
    )
]


def problem(status: int, *words: str) -> JSONResponse:
    """Say no."""
    return JSONResponse({"detail": " ".join(words)}, status)


@app.get("/models/latest", response_model=Row, responses={404: {"model": Problem}}, summary="the last row by date")
def last() -> Any:
    """Find the newest row."""
    return max(table, key=lambda row: str(row["released"])) if table else problem(404, "no rows")


@app.delete("/models/{key}", responses={404: {"model": Problem}}, summary="drop a row", response_model=None)
def drop(key: Key) -> Response:
    """Remove a row."""
    kept = [row for row in table if row["name"] != key]
    if len(kept) == len(table):
        return problem(404, "no row", key)
    table[:] = kept
    return Response(status_code=204)


@app.get("/models/{key}", response_model=Row, responses={404: {"model": Problem}}, summary="pick a row")
def pick(key: Key) -> Any:
    """Find a row."""
    return next((row for row in table if row["name"] == key), problem(404, "no row", key))


@app.post("/models", response_model=Row, responses={409: {"model": Problem}}, summary="insert a row")
def insert(row: Row, response: Response) -> Any:
    """Add a row."""
    if row.name in {other["name"] for other in table}:
        return problem(409, "there is a row", row.name)
    table.append(jsonable_encoder(row))
    response.status_code = 201
    return row


@app.get("/models", response_model=list[Row], summary="select rows")
def select(
    offset: Annotated[int, Query(gt=-1)] = 0,
    limit: Annotated[int, Query(gt=0, lt=101)] = 20,
    max_size_mb: Annotated[Optional[int], Query(ge=0)] = None,
    kind: Optional[Kind] = None,
) -> Any:
    """Find rows."""
    wanted = [row for row in table if kind in (None, row["kind"])]
    wanted = wanted if max_size_mb is None else [row for row in wanted if row["size_mb"] <= max_size_mb]
    return [row for number, row in enumerate(wanted) if offset <= number < offset + limit]
