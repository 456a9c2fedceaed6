"""Every link in every Markdown file leads somewhere: to a file, to a heading in it, or to a safe address outside."""

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from grader.content.layout import Course
from grader.content.markdown import headings, links
from grader.content.source import read_source, shown

OTHERS = {"node_modules", "build", "dist"}
LOCAL = ("http://localhost", "http://127.0.0.1")
INSECURE = re.compile(r"http://[\w.-]+")


def test_links_within_the_course_resolve(course: Course) -> None:
    broken = [
        f"{shown(file)}, line {link.line}: {link.target}"
        for file in texts(course)
        for link in links(read_source(file))
        if not urlsplit(link.target).scheme and not leads_somewhere(course, file, link.target)
    ]
    assert not broken, "these links lead nowhere:\n" + "\n".join(broken)


def test_links_to_the_outside_are_https(course: Course) -> None:
    unsafe = [
        f"{shown(file)}, line {link.line}: {link.target}"
        for file in texts(course)
        for link in links(read_source(file))
        if urlsplit(link.target).scheme not in ("", "https") and not link.target.startswith(LOCAL)
    ]
    assert not unsafe, "expected https:\n" + "\n".join(unsafe)


def test_no_text_sends_people_to_an_insecure_address(course: Course) -> None:
    unsafe = [
        f"{shown(file)}: {address}"
        for file in texts(course)
        for address in INSECURE.findall(read_source(file))
        if not address.startswith(LOCAL)
    ]
    assert not unsafe, "expected https:\n" + "\n".join(unsafe)


def texts(course: Course) -> list[Path]:
    """All Markdown files but those of tools and other people."""
    files = (file for file in course.root.rglob("*.md"))
    return sorted(file for file in files if not foreign(file.relative_to(course.root)))


def foreign(path: Path) -> bool:
    """Whether a path goes through a hidden or a generated folder; what is under .github is ours."""
    return any(part in OTHERS or (part.startswith(".") and part != ".github") for part in path.parts)


def leads_somewhere(course: Course, file: Path, target: str) -> bool:
    """Whether a relative link names a file of the course and, after a #, one of its headings."""
    path, _, anchor = unquote(target).partition("#")
    goal = (file.parent / path).resolve() if path else file.resolve()
    if path.startswith("/") or not goal.exists() or not goal.is_relative_to(course.root.resolve()):
        return False
    return not anchor or (goal.suffix == ".md" and anchor in anchors(read_source(goal)))


def anchors(text: str) -> set[str]:
    """The names under which a code host offers a text's headings: small letters, dashes for spaces, -1 for a second."""
    found: set[str] = set()
    for heading in headings(text):
        title = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading.text.lstrip("# ")).lower()
        name = re.sub(r"[^\w\- ]", "", title).replace(" ", "-")
        again = (f"{name}-{number}" for number in range(1, 100))
        found.add(name if name not in found else next(other for other in again if other not in found))
    return found
