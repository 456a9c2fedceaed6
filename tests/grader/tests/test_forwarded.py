"""On systems without fork the judge asks over TCP, from an address that uvicorn would believe anything by default."""

from pathlib import Path

from grader.judge import Judge

APP = """
from fastapi import FastAPI, Request

app = FastAPI()


@app.get("/address")
def address(request: Request) -> str:
    return request.client.host if request.client else ""
"""


def test_no_header_speaks_for_another_address(tmp_path: Path) -> None:
    file = tmp_path / "app.py"
    file.write_text(APP, encoding="utf-8")
    with Judge(is_forking=False) as judge, judge.start(file) as app:
        response = app.new_client().get("/address", headers={"X-Forwarded-For": "203.0.113.7"})
    assert response.json() == "127.0.0.1"
