"""The headings, code blocks and links of a Markdown text, with their lines."""

import re
from dataclasses import dataclass
from itertools import pairwise

from markdown_it import MarkdownIt

HTML_LINK = re.compile(r"""(?:href|src)=["']([^"']+)["']""")


@dataclass(frozen=True)
class Heading:
    """A heading as it is written, such as `## Tasks`; `end` is the last line of what stands below it."""

    text: str
    line: int
    end: int


@dataclass(frozen=True)
class Fence:
    """A code block; `line` is the first line of its text."""

    language: str
    text: str
    line: int


def headings(text: str) -> list[Heading]:
    """All headings in order; each one's text reaches to the next heading. A comment in a code block is none."""
    tokens = MarkdownIt("commonmark").parse(text)
    found: list[tuple[str, int]] = []
    for opening, inline in pairwise(tokens):
        if opening.type == "heading_open" and opening.map:
            found.append((f"{'#' * int(opening.tag[1:])} {inline.content}", opening.map[0] + 1))
    ends = [line - 1 for _, line in found[1:]] + [len(text.splitlines())]
    return [Heading(title, line, end) for (title, line), end in zip(found, ends, strict=True)]


def fences(text: str) -> list[Fence]:
    """All fenced code blocks in order; a block inside raw HTML is none, as nobody would see it rendered."""
    tokens = MarkdownIt("commonmark").parse(text)
    return [
        Fence((token.info.split() or [""])[0], token.content, token.map[0] + 2)
        for token in tokens
        if token.type == "fence" and token.map
    ]


@dataclass(frozen=True)
class Link:
    """Where a link or an image leads, as it is written."""

    target: str
    line: int


def links(text: str) -> list[Link]:
    """All links and images in order, those in raw HTML included."""
    found: list[Link] = []
    line = 1
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        line = token.map[0] + 1 if token.map else line
        for part in [token, *(token.children or [])]:
            if part.type in ("html_block", "html_inline"):
                found += [Link(target, line) for target in HTML_LINK.findall(part.content)]
            elif target := part.attrs.get("href") or part.attrs.get("src"):
                found.append(Link(str(target), line))
    return found
