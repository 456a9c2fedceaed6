"""What /openapi.json promises, read as a generator of clients reads it; for the checks."""

import re
from dataclasses import dataclass
from typing import Any, Self

from grader.sandbox.client import Client


@dataclass(frozen=True)
class Docs:
    """An app's OpenAPI document."""

    document: dict[str, Any]

    @classmethod
    def of(cls, client: Client) -> Self:
        """Ask an app for its document."""
        response = client.get("/openapi.json")
        assert response.status_code == 200, "`GET /openapi.json` should be answered with 200: /docs is drawn from it."
        return cls(response.json())

    def operation(self, route: str) -> dict[str, Any]:
        """Return what is said about a route like "GET /models/{name}", whatever its path parameters are called."""
        method, _, path = route.partition(" ")
        for there, item in self.document["paths"].items():
            if _nameless(there) == _nameless(path) and method.lower() in item:
                found: dict[str, Any] = item[method.lower()]
                return found
        raise AssertionError(f"There should be a route `{route}`; the docs do not know one.")

    def parameter(self, route: str, name: str, *, place: str = "query") -> dict[str, Any]:
        """Return what is said about one parameter of a route; in the path, any name will do."""
        for found in self.operation(route).get("parameters", []):
            if found["in"] == place and (place == "path" or found["name"] == name):
                return dict(found)
        raise AssertionError(f"`{route}` should have a {place} parameter called `{name}`; the docs do not know one.")

    def body(self, route: str) -> dict[str, Any]:
        """Return what is said about the JSON body of a route."""
        content = self.operation(route).get("requestBody", {}).get("content", {})
        assert "application/json" in content, f"`{route}` should take a JSON body; the docs do not know of one."
        return dict(content["application/json"])

    def facets(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return what a schema demands as one flat dictionary: unions, references and exclusive bounds resolved.

        `nullable` is there and True when null is allowed; the bounds of an integer are `minimum` and `maximum`.
        """
        found = {key: value for key, value in schema.items() if key not in ("$ref", "anyOf", "allOf")}
        if "$ref" in schema:
            found |= self.facets(self.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
        for part in [*schema.get("anyOf", []), *schema.get("allOf", [])]:
            found |= {"nullable": True} if part == {"type": "null"} else self.facets(part)
        for exclusive, bound, step in (("exclusiveMinimum", "minimum", 1), ("exclusiveMaximum", "maximum", -1)):
            if exclusive in found and found.get("type") == "integer":
                found[bound] = found.pop(exclusive) + step
        return found

    def examples(self, described: dict[str, Any]) -> list[Any]:
        """Return the examples of a parameter or a body, in whichever of OpenAPI's places they stand.

        An object whose fields all have one makes an example, as it does in /docs.
        """
        named = [example["value"] for example in described.get("examples", {}).values()]
        single = [described["example"]] if "example" in described else []
        facets = self.facets(described.get("schema", {}))
        fields = {name: self.examples({"schema": field}) for name, field in facets.get("properties", {}).items()}
        composed = [{name: values[0] for name, values in fields.items()}] if fields and all(fields.values()) else []
        return [*named, *single, *facets.get("examples", []), *composed]


def _nameless(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path)
