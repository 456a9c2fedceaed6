"""The ideas of a program are its dotted imports and the pieces of syntax that a lesson has to teach."""

from grader.content.ideas import ideas


def test_imports_are_dotted_names_with_their_first_line() -> None:
    source = (
        "from __future__ import annotations\n"
        "import asyncio, os.path\n"
        "from fastapi import FastAPI as App\n"
        "import os.path\n"
    )
    assert ideas(source) == {"asyncio": 2, "os.path": 2, "fastapi.FastAPI": 3}


def test_an_import_inside_a_function_counts() -> None:
    assert ideas("def load():\n    import torch\n") == {"torch": 2}


def test_syntax_that_has_to_be_taught_is_named() -> None:
    source = (
        "async def serve(app):\n"
        "    async with app:\n"
        "        async for item in app:\n"
        "            yield await item\n"
        "    try:\n"
        "        pass\n"
        "    finally:\n"
        "        pass\n"
    )
    assert ideas(source) == {
        "syntax.async_def": 1,
        "syntax.async_with": 2,
        "syntax.async_for": 3,
        "syntax.yield": 4,
        "syntax.await": 4,
        "syntax.try": 5,
    }


def test_an_async_comprehension_is_an_async_for() -> None:
    assert "syntax.async_for" in ideas("async def f(xs):\n    return [x async for x in xs]\n")


def test_plain_python_is_no_idea() -> None:
    assert ideas("class A:\n    pass\n\nwith open('x') as f:\n    [y for y in f if (lambda: y)()]\n") == {}
