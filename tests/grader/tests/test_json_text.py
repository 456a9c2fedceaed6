"""JSON as a verdict shows it: what fits stays on one line, and a vector never fills the screen."""

import json

from grader.sandbox.json_text import json_text

VECTOR = [0.03275322541594505, -0.0010603783885017037, 0.01161620020866394, -0.01303903479129076] * 96


def test_a_vector_is_one_line_however_long_its_numbers_are() -> None:
    assert json_text(json.dumps(VECTOR).encode()).splitlines() == [
        "[0.03275322541594505, -0.0010603783885017037, 0.01161620020866394, -0.01303903479129076, … 384 numbers]"
    ]


def test_a_vector_inside_an_object_is_one_line_too() -> None:
    lines = json_text(json.dumps({"error": None, "vector": VECTOR}).encode()).splitlines()
    assert lines[1] == '  "error": null,'
    assert lines[2].endswith("… 384 numbers]")
    assert len(lines) == 4


def test_short_lists_and_lists_of_other_things_are_whole() -> None:
    assert json_text(b"[1, 2, 3, 4, 5, 6, 7, 8]") == "[1, 2, 3, 4, 5, 6, 7, 8]"
    assert json_text(b'["a", 2, 3, 4, 5, 6, 7, 8, 9]') == '["a", 2, 3, 4, 5, 6, 7, 8, 9]'


def test_what_is_no_json_is_nothing() -> None:
    assert json_text(b"{") == ""
