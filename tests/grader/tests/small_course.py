"""A complete course of two tiny lessons, for tests of the learner's loop; the checks and apps in it are real."""

from pathlib import Path

CATALOG = """
[[lesson]]
number = 1
topic = "greeting"
title = "A greeting"
summary = "Answer with a greeting."
minutes = 5
concepts = ["routes", "path parameters"]
builds_on = []
models = []
teaches = ["fastapi.FastAPI"]
[[lesson.task]]
number = "1.1"
title = "Say hello"
needs = []
[[lesson.task]]
number = "1.2"
title = "Greet by name"
needs = ["1.1"]
[[lesson]]
number = 2
topic = "doubling"
title = "A doubling"
summary = "Answer with twice a number."
minutes = 5
concepts = ["types"]
builds_on = ["greeting"]
models = []
teaches = ["fastapi.FastAPI"]
[[lesson.task]]
number = "2.1"
title = "Double a number"
needs = []
"""
GREETING = '''"""Greets."""

from fastapi import FastAPI

app = FastAPI()


@app.get("/hello")
def hello() -> dict[str, str]:
    # BEGIN SOLUTION 1.1
    return {"greeting": "hello"}
    # END SOLUTION


@app.get("/hello/{name}")
def hello_name(name: str) -> dict[str, str]:
    # BEGIN SOLUTION 1.2
    return {"greeting": f"hello {name}"}
    # END SOLUTION
'''
DOUBLING = '''"""Doubles."""

from fastapi import FastAPI

app = FastAPI()


@app.get("/double/{number}")
def double(number: int) -> dict[str, int]:
    # BEGIN SOLUTION 2.1
    return {"result": number * 2}
    # END SOLUTION
'''
GREETING_CHECKS = '''"""Lesson 01."""

from random import Random

from grader import Client, check


@check("1.1")
def test_hello_says_hello(client: Client) -> None:
    """A client that greets wants to be greeted."""
    response = client.get("/hello")
    assert response.status_code == 200, "The answer should be 200 OK."
    assert response.json() == {"greeting": "hello"}, "The answer should be hello."


@check("1.2")
def test_hello_knows_the_name(client: Client, rng: Random) -> None:
    """A name is what people like to hear best."""
    name = f"ada-{rng.randrange(10**6)}"
    response = client.get(f"/hello/{name}")
    assert response.status_code == 200, "The answer should be 200 OK."
    assert response.json() == {"greeting": f"hello {name}"}, "The answer should hold the name."
'''
DOUBLING_CHECKS = '''"""Lesson 02."""

from random import Random

from grader import Client, check


@check("2.1")
def test_a_number_is_doubled(client: Client, rng: Random) -> None:
    """Half an answer is none."""
    number = rng.randrange(10**6)
    response = client.get(f"/double/{number}")
    assert response.status_code == 200, "The answer should be 200 OK."
    assert response.json() == {"result": number * 2}, "The result should be twice the number."
'''
README = """# {number:02} · {title}

A story.

## A worked example

```python
# example.py
from fastapi import FastAPI

app = FastAPI()
```

```console
$ curl -s localhost:8000/answer
42
```

## Predict

What does `/answer` of lesson {number} answer?

<details><summary>Answer</summary>

```console
$ curl -s localhost:8000/answer
42
```

It is the answer of lesson {number}.

</details>

## Tasks

{tasks}
## In the capstone

Elsewhere.

## Read on

Nothing.
"""
TASKS = {1: {"1.1": "Say hello", "1.2": "Greet by name"}, 2: {"2.1": "Double a number"}}
TITLES = {1: "A greeting", 2: "A doubling"}
SLUGS = {1: "01_greeting", 2: "02_doubling"}
STEPS = ("Concept", "Where", "Partly", "Nearly all")


def make(root: Path) -> Path:
    """Write the course into `root` and return it; its stubs are cut from the solutions as always."""
    from grader.content import stub
    from grader.content.layout import Course

    write(root / "lessons" / "catalog.toml", CATALOG)
    sources = {1: (GREETING, GREETING_CHECKS), 2: (DOUBLING, DOUBLING_CHECKS)}
    for number, (solution, checks) in sources.items():
        slug, folder = SLUGS[number], root / "lessons" / SLUGS[number]
        write(root / "solutions" / slug / "app.py", solution)
        write(root / "tests" / "lessons" / f"test_{slug}.py", checks)
        tasks = "".join(f"### {task} {title}\n\nBuild {title}.\n\n" for task, title in TASKS[number].items())
        write(folder / "README.md", README.format(number=number, title=TITLES[number], tasks=tasks))
        write(folder / "hints.md", hints(number))
    stub.write_stubs(Course(root))
    return root


def hints(number: int) -> str:
    """Four rungs for each task."""
    ladders = (
        f"## {task}\n" + "".join(f"### {step}\n\nThe hint {step.lower()} of {task}.\n\n" for step in STEPS)
        for task in TASKS[number]
    )
    return "# Hints\n" + "".join(ladders)


def app(root: Path, number: int, folder: str = "lessons") -> Path:
    """The learner's file, or the one in another folder."""
    return root / folder / SLUGS[number] / "app.py"


def solve(root: Path, number: int) -> None:
    """Put the solution where the learner works."""
    write(app(root, number), app(root, number, "solutions").read_text())


def write(file: Path, text: str) -> None:
    """Write a file, its folders included."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
