"""Headings, code blocks and links of a Markdown text are found as a code host would render them."""

from grader.content.markdown import Fence, Heading, Link, fences, headings, links

TEXT = """\
# Title

See [one](one.md) and
[two](two.md#part).

![picture](map.svg)

| a | b |
| --- | --- |
| [cell](cell.md) | x |

## Part

```sh
# no heading, [no link](nowhere.md)
make
```

Here is `[code](nowhere.md)` and <a href="html.md">this</a>.

<img src="loop.svg" width="100">
"""


def test_headings_have_a_line_and_reach_to_the_next() -> None:
    assert headings(TEXT) == [Heading("# Title", 1, 11), Heading("## Part", 12, 21)]


def test_code_blocks_have_a_language_and_the_line_of_their_text() -> None:
    assert fences(TEXT) == [Fence("sh", "# no heading, [no link](nowhere.md)\nmake\n", 15)]
    assert fences("~~~\nplain\n~~~\n") == [Fence("", "plain\n", 2)]


def test_links_images_and_raw_html_are_found_but_not_what_is_in_code() -> None:
    assert links(TEXT) == [
        Link("one.md", 3),
        Link("two.md#part", 3),
        Link("map.svg", 6),
        Link("cell.md", 10),
        Link("html.md", 19),
        Link("loop.svg", 21),
    ]
