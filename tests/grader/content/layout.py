"""Where everything lives in a checkout of the course."""

from dataclasses import dataclass
from pathlib import Path

from grader.content.catalog import Catalog, Lesson, load

LANDMARK = Path("lessons", "catalog.toml")


class CourseNotFound(Exception):
    """No folder from here upwards is a checkout of the course."""


@dataclass(frozen=True)
class Course:
    """A checkout of the course, by its root folder. The paths it names need not exist."""

    root: Path

    @classmethod
    def find(cls, start: Path | None = None) -> "Course":
        """The checkout around `start` (the current folder, unless told otherwise); raises `CourseNotFound`."""
        start = (start or Path.cwd()).resolve()
        for folder in (start, *start.parents):
            if (folder / LANDMARK).is_file():
                return cls(folder)
        raise CourseNotFound(
            f"{start} is not inside a checkout of the course: no folder from there upwards has a "
            f"{LANDMARK.as_posix()}. Change into the folder you cloned and try again."
        )

    @property
    def catalog_file(self) -> Path:
        """The only list of lessons."""
        return self.root / LANDMARK

    def catalog(self) -> Catalog:
        """The catalogue as it stands now; raises `CatalogError`."""
        return load(self.catalog_file)

    @property
    def lessons(self) -> Path:
        """What the learner opens and edits."""
        return self.root / "lessons"

    @property
    def solutions(self) -> Path:
        """The source of truth: the stubs in `lessons` are cut from it."""
        return self.root / "solutions"

    @property
    def checks(self) -> Path:
        """The checks, one file a lesson."""
        return self.root / "tests" / "lessons"

    @property
    def wrong(self) -> Path:
        """The named misconceptions, one file a lesson."""
        return self.root / "tests" / "course" / "wrong"

    @property
    def right(self) -> Path:
        """Solutions written differently, one folder a lesson."""
        return self.root / "tests" / "course" / "right"

    def lesson_file(self, lesson: Lesson, target: Path | None = None) -> Path:
        """The file to be judged, in `target` or else in `lessons`; any folder shaped like `lessons` will do."""
        return (target or self.lessons) / lesson.slug / lesson.file

    def solution_file(self, lesson: Lesson) -> Path:
        """The solution, with the markers from which the stub is cut."""
        return self.solutions / lesson.slug / lesson.file

    def files_beside(self, lesson: Lesson, target: Path | None = None) -> list[Path]:
        """What comes with the file to be judged: data, or more to edit; in `target` or else in `lessons`."""
        return [(target or self.lessons) / lesson.slug / name for name in lesson.beside]

    def checks_file(self, lesson: Lesson) -> Path:
        """The checks of one lesson."""
        return self.checks / f"test_{lesson.slug}.py"

    def readme(self, lesson: Lesson) -> Path:
        """What the learner reads first."""
        return self.lessons / lesson.slug / "README.md"

    def hints_file(self, lesson: Lesson) -> Path:
        """The ladder of hints."""
        return self.lessons / lesson.slug / "hints.md"

    def wrong_file(self, lesson: Lesson) -> Path:
        """The wrong solutions of one lesson."""
        return self.wrong / f"{lesson.slug}.toml"

    def right_files(self, lesson: Lesson) -> list[Path]:
        """The other right solutions of one lesson that exist, by name."""
        return sorted((self.right / lesson.slug).glob("*.py"))
