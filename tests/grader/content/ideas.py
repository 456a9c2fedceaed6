"""The ideas a program uses, as the catalogue names them: dotted imports, and pieces of syntax such as syntax.await."""

import ast

SYNTAX: dict[type[ast.AST], str] = {
    ast.AsyncFunctionDef: "syntax.async_def",
    ast.AsyncFor: "syntax.async_for",
    ast.AsyncWith: "syntax.async_with",
    ast.Await: "syntax.await",
    ast.Try: "syntax.try",
    ast.TryStar: "syntax.try",
    ast.Yield: "syntax.yield",
    ast.YieldFrom: "syntax.yield",
}


def ideas(source: str) -> dict[str, int]:
    """Each idea of a program with the first line that uses it."""
    found: dict[str, int] = {}
    for node in ast.walk(ast.parse(source)):
        for idea in _named(node):
            line = getattr(node, "lineno", 1)
            found[idea] = min(line, found.get(idea, line))
    return found


def _named(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        module = "." * node.level + (node.module or "")
        return [f"{module}.{alias.name}" for alias in node.names if module != "__future__"]
    if isinstance(node, ast.comprehension) and node.is_async:
        return ["syntax.async_for"]
    return [SYNTAX[type(node)]] if type(node) in SYNTAX else []
