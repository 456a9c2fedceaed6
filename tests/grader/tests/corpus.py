"""The attack corpus as data: one app a file, whose docstring says what it tries and how the judge must answer."""

import ast
import re
from dataclasses import dataclass
from pathlib import Path

from grader.content.catalog import Lesson, Task

ATTACKS = Path(__file__).parent / "attacks"
JUDGED = Path(__file__).parent / "judged"
GRAMMAR = re.compile(r"^Outcome: (fault|fails ([\w ]+)), (\w+): ?(.*)$", re.MULTILINE)


@dataclass(frozen=True)
class Attack:
    """One attack: its file, the checks that must fail (none named: all; a fault: no check is even run), and why.

    `needs_kernel`: where the kernel does not confine apps, this must not be tried at all.
    """

    file: Path
    is_fault: bool
    targets: tuple[str, ...]
    cause: str
    fragment: str
    needs_kernel: bool

    @property
    def needs_model(self) -> bool:
        """Whether it attacks what is observed of a model."""
        return self.file.stem.startswith("model_")

    def hits(self, check: str) -> bool:
        """Whether the attack wants this check to pass wrongly."""
        return not self.targets or check in self.targets


def lesson(topic: str, *models: str, tasks: tuple[Task, ...] = ()) -> Lesson:
    """A lesson that is in no catalogue."""
    return Lesson(1, topic, "A lesson", "For tests.", 1, (), (), models, (), tasks)


def attacks() -> list[Attack]:
    """Read the whole corpus."""
    return [_read(path) for path in sorted(ATTACKS.glob("*.py"))]


def _read(path: Path) -> Attack:
    text = ast.get_docstring(ast.parse(path.read_text())) or ""
    outcome = GRAMMAR.search(text)
    assert outcome is not None, f"{path.name} does not say its outcome"
    kind, targets, cause, fragment = outcome.groups()
    named = () if targets in (None, "all") else tuple(targets.split())
    return Attack(path, kind == "fault", named, cause, fragment, "Only the kernel stops it." in text)
