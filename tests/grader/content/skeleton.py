"""The files of a new lesson, as `course new` writes them: they run, and say in capitals what is still to do."""

CATALOG = """\
[[lesson]]
number = {number}
topic = "{topic}"
title = "{title}"
summary = "FILL IN: one sentence on what is built."
minutes = 30
concepts = ["FILL IN"]
builds_on = [{builds_on}]
models = []
teaches = [{teaches}]

[[lesson.task]]
number = "{number}.1"
title = "FILL IN: a task"
needs = []
"""

SOLUTION = '''\
"""FILL IN: one sentence on what this API does."""

from fastapi import FastAPI

app = FastAPI(title="{title}")


@app.get("/greeting")
def greet(name: str) -> dict[str, str]:
    """FILL IN: what the API's user gets."""
    # BEGIN SOLUTION {number}.1
    return {{"greeting": f"Hello {{name}}"}}
    # END SOLUTION
'''

CHECKS = '''\
"""Lesson {number:02}: FILL IN: what a client relies on."""

from random import Random

from grader import Client, check


@check("{number}.1")
def test_greeting_names_the_caller(client: Client, rng: Random) -> None:
    """FILL IN: why a client cares."""
    name = f"caller-{{rng.randrange(10**6)}}"
    response = client.get("/greeting", params={{"name": name}})
    assert response.status_code == 200, "FILL IN: what was expected."
    assert response.json() == {{"greeting": f"Hello {{name}}"}}, "FILL IN: what was expected."
'''

WRONG = """\
# At least five misconceptions, each caught by exactly its task. FILL IN.
[[wrong]]
name = "same-greeting-for-everybody"
why = "FILL IN: why people do it, and what is wrong with it."
task = "{number}.1"
[[wrong.replace]]
old = '''f"Hello {{name}}"'''
new = '''"Hello you"'''
"""

RIGHT_ASYNC = '''\
"""FILL IN: how this solution differs; this one is asynchronous."""

from fastapi import FastAPI

app = FastAPI(title="{title}")


@app.get("/greeting")
async def greeting(name: str) -> dict[str, str]:
    """Greet the caller."""
    return {{"greeting": "Hello " + name}}
'''

RIGHT_ROUTER = '''\
"""FILL IN: how this solution differs; this one has a router and a response model."""

from fastapi import APIRouter, FastAPI
from pydantic import BaseModel


class Greeting(BaseModel):
    """What the caller is told."""

    greeting: str


router = APIRouter()


@router.get("/greeting")
def read_greeting(name: str) -> Greeting:
    """Greet the caller."""
    return Greeting(greeting=f"Hello {{name}}")


app = FastAPI(title="{title}")
app.include_router(router)
'''

README = """\
# {number:02} · {title}

FILL IN: a production story in three sentences that makes the concept necessary.

30 minutes. Run `course` in one terminal; play with your API through `fastapi dev lessons/{slug}/app.py` in another.

## A worked example

FILL IN: complete, runnable, different from the task.

```python
# example.py
from fastapi import FastAPI

app = FastAPI()


@app.get("/double/{{number}}")
def double(number: int) -> dict[str, int]:
    return {{"result": 2 * number}}
```

```console
$ fastapi dev example.py
$ curl -s localhost:8000/double/21
{{"result":42}}
```

## Predict

FILL IN: what does `/double/-1` answer?

<details><summary>Answer</summary>

```console
$ curl -s localhost:8000/double/-1
{{"result":-2}}
```

FILL IN: why.

</details>

## Tasks

### {number}.1 FILL IN: a task

FILL IN: what to build, exact routes and shapes.

## In the capstone

FILL IN: the file where this lives for real, and what is different there.

## Read on

- FILL IN: two to four links to official documentation.
"""

HINTS = """\
# Hints

## {number}.1

### Concept

FILL IN: the idea, in plain words.

### Where

FILL IN: where in the file, and what to look for in the documentation.

### Partly

FILL IN: part of the code.

### Nearly all

FILL IN: nearly all of the code.
"""
