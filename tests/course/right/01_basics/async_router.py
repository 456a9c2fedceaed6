"""Routes on a router, all `async def`, a model of the query's parameters, `Literal` for the kinds, plain `if`s."""

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, FastAPI, HTTPException, Path, Query, status
from pydantic import BaseModel, ConfigDict, NonNegativeInt

Purpose = Literal["embedding", "generation", "classification"]


class Entry(BaseModel):
    """A model on offer."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "new", "kind": "embedding", "size_mb": 1, "released": "2020-02-02"}]}
    )

    name: str
    kind: Purpose
    size_mb: int
    released: date


class Wanted(BaseModel):
    """What a caller can ask of the list."""

    kind: Purpose | None = None
    max_size_mb: NonNegativeInt | None = None
    limit: int = Query(default=20, gt=0, lt=101)
    offset: NonNegativeInt = 0


class Complaint(BaseModel):
    """What went wrong."""

    detail: str


entries = [
    Entry(name="all-minilm-l6-v2", kind="embedding", size_mb=91, released=date(2021, 8, 30)),
    Entry(name="smollm2-135m", kind="generation", size_mb=269, released=date(2024, 10, 31)),
    Entry(name="magika", kind="classification", size_mb=3, released=date(2024, 2, 15)),
    Entry(name="efficientnet-lite0", kind="classification", size_mb=19, released=date(2020, 3, 16)),
    Entry(name="gpt2", kind="generation", size_mb=548, released=date(2019, 2, 14)),
    Entry(name="bge-small-en", kind="embedding", size_mb=133, released=date(2023, 8, 5)),
]
router = APIRouter(prefix="/models", tags=["models"])
NameOfEntry = Annotated[str, Path(openapi_examples={"small": {"value": "magika"}})]
MISSING = status.HTTP_404_NOT_FOUND


@router.get("", summary="Everything on offer")
async def read_entries(wanted: Annotated[Wanted, Query()]) -> list[Entry]:
    """List what fits."""
    fitting = []
    for entry in entries:
        if wanted.kind and entry.kind != wanted.kind:
            continue
        if wanted.max_size_mb is not None and entry.size_mb > wanted.max_size_mb:
            continue
        fitting.append(entry)
    return fitting[wanted.offset :][: wanted.limit]


@router.get("/latest", summary="The newest on offer", responses={MISSING: {"model": Complaint}})
async def read_latest() -> Entry:
    """Find the newest."""
    by_age = sorted(entries, key=lambda entry: entry.released)
    if by_age:
        return by_age[-1]
    raise HTTPException(status_code=MISSING, detail="nothing is on offer")


@router.get("/{entry_name}", summary="One thing on offer", responses={MISSING: {"model": Complaint}})
async def read_entry(entry_name: NameOfEntry) -> Entry:
    """Find one."""
    return entries[find(entry_name)]


@router.post("", status_code=status.HTTP_201_CREATED, summary="Offer something", responses={409: {"model": Complaint}})
async def create_entry(entry: Entry) -> Entry:
    """Add one at the end."""
    if any(other.name == entry.name for other in entries):
        raise HTTPException(status_code=status.HTTP_409_CONFLICT, detail=f"{entry.name} is on offer already")
    entries.append(entry)
    return entry


@router.delete(
    "/{entry_name}",
    status_code=status.HTTP_204_NO_CONTENT,
    summary="Withdraw something",
    responses={MISSING: {"model": Complaint}},
)
async def delete_entry(entry_name: NameOfEntry) -> None:
    """Remove one."""
    del entries[find(entry_name)]


def find(name: str) -> int:
    """Return where an entry stands."""
    for index, entry in enumerate(entries):
        if entry.name == name:
            return index
    raise HTTPException(status_code=MISSING, detail=f"{name} is not on offer")


app = FastAPI()
app.include_router(router)
