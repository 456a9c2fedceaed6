"""The set-up installs what it says: pinned versions, hashed models, the same steps by make and by hand."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions, version
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from grader.content.layout import Course
from grader.content.markdown import fences
from grader.content.source import read_source, shown

FOREIGN = ("torchvision", "timm", "llama-cpp-python", "nvidia-", "triton")  # they bring CUDA or compile for minutes
HASHED = re.compile(r"(?P<name>[\w.-]+)==[\w.]+ --hash=sha256:[0-9a-f]{64}")
FRESH = "no-environment-yet"


@pytest.fixture
def steps(course: Course) -> str:
    """What `make setup` would do on a fresh machine."""
    return make(course.root, "-n", "setup", f"VENV={FRESH}").stdout


@pytest.fixture
def pins(course: Course) -> dict[str, str]:
    """The tested version of every package."""
    requirements = [Requirement(line) for line in content_lines(course.root / "constraints.txt")]
    return {canonicalize_name(one.name): str(one.specifier).removeprefix("==") for one in requirements}


def test_every_direct_dependency_is_pinned_within_its_range(course: Course, pins: dict[str, str]) -> None:
    direct = requirements(course)
    wrong = [str(one) for one in direct if not one.specifier.contains(pins.get(canonicalize_name(one.name), "0"))]
    assert not wrong, f"`make lock` is due; constraints.txt has no fitting version of: {', '.join(wrong)}"


def test_pins_are_exact_and_hold_on_every_system(course: Course) -> None:
    exact = re.compile(r"[\w.-]+==[\w.]+")
    loose = [line for line in content_lines(course.root / "constraints.txt") if not exact.fullmatch(line)]
    assert not loose, f"neither ranges nor local builds belong into constraints.txt: {loose}"


def test_every_import_is_a_declared_dependency(course: Course) -> None:
    declared = {canonicalize_name(one.name) for one in requirements(course)}
    declared |= {canonicalize_name(line.partition("==")[0]) for line in content_lines(course.root / "models.txt")}
    owners = packages_distributions()
    files = [*(course.root / "tests").rglob("*.py"), *course.solutions.rglob("*.py")]
    imported = {name: file for file in files for name in imports(file)}
    undeclared = {
        f"{name} in {shown(file)}"
        for name, file in imported.items()
        if name in owners and not declared & {canonicalize_name(owner) for owner in owners[name]}
    }
    assert not undeclared, f"pyproject.toml does not ask for what these come from: {sorted(undeclared)}"


def test_nothing_brings_cuda(pins: dict[str, str]) -> None:
    assert not [name for name in pins if name.startswith(FOREIGN)]


def test_every_model_package_is_pinned_by_its_hash(course: Course) -> None:
    loose = [line for line in content_lines(course.root / "models.txt") if not HASHED.fullmatch(line)]
    assert not loose, f"without a version and its hash: {loose}"


def test_the_model_packages_are_installed_as_pinned(course: Course) -> None:
    for line in content_lines(course.root / "models.txt"):
        requirement = Requirement(line.partition(" ")[0])
        assert requirement.specifier.contains(version(requirement.name)), line


def test_nothing_is_missing_but_what_the_models_can_do_without(course: Course) -> None:
    models = {line.partition("==")[0] for line in content_lines(course.root / "models.txt")}
    done = subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True, timeout=60)
    complaints = [line for line in done.stdout.splitlines() if " requires " in line or " has requirement " in line]
    assert done.returncode == 0 or complaints, done.stdout + done.stderr
    assert not [line for line in complaints if line.split()[0] not in models]


def test_torch_is_the_tested_one_without_cuda(steps: str, pins: dict[str, str]) -> None:
    import torch

    assert f"install torch=={pins['torch']}" in steps, "the Makefile names another torch than constraints.txt"
    assert torch.__version__.partition("+")[0] == pins["torch"]
    assert torch.version.cuda is None


def test_the_steps_by_hand_are_the_steps_of_make(course: Course, steps: str) -> None:
    readme = read_source(course.root / "README.md")
    by_hand = [install for fence in fences(readme) for install in installs(fence.text)]
    by_make = installs(steps)
    missing = [install for install in by_hand if install not in by_make]
    assert len(by_hand) >= 4, f"expected the steps by hand in README.md, found {by_hand}"
    assert not missing, f"not among the steps of make, {by_make}: {missing}"


def test_a_finished_set_up_has_nothing_left_to_do(course: Course, tmp_path: Path) -> None:
    for stamp in (".python", ".torch", ".models", ".ready", ".tools"):
        (tmp_path / stamp).touch()
    for target in ("learn", "test"):
        assert not installs(make(course.root, "-n", target, f"VENV={tmp_path}").stdout)


def test_an_interrupted_set_up_goes_on_where_it_stopped(course: Course, tmp_path: Path) -> None:
    for stamp in (".python", ".torch"):
        (tmp_path / stamp).touch()
    left = installs(make(course.root, "-n", "setup", f"VENV={tmp_path}").stdout)
    assert [install.split()[-1] for install in left] == ["models.txt", "."]


def test_an_old_python_is_named_before_anything_is_made(course: Course, tmp_path: Path) -> None:
    old = tmp_path / "python"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    for name in ("python3", "python3.11", "python3.12", "python3.13", "python3.14"):
        (tmp_path / name).symlink_to(old)
    venv = tmp_path / "venv"
    done = make(course.root, "setup", f"VENV={venv}", f"PATH={tmp_path}:/usr/bin:/bin")
    assert done.returncode != 0
    assert "Python 3.11 or newer is needed" in done.stderr
    assert not venv.exists()


def test_make_alone_lists_its_targets(course: Course) -> None:
    listed = make(course.root).stdout
    assert all(f"make {target} " in listed for target in ("learn", "test", "format", "lock"))


def make(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run make in the course."""
    return subprocess.run(["make", *arguments], cwd=root, capture_output=True, text=True, timeout=30)


def installs(text: str) -> list[str]:
    """The arguments of every `pip install` in a text, but for those that say how much to print or how long to try."""
    found = re.findall(r"-m pip install ((?:[^\s|;&]+ ?)+)", text)
    return [re.sub(r"--quiet |--retries \d+ |--timeout \d+ |'", "", arguments).strip() for arguments in found]


def requirements(course: Course) -> list[Requirement]:
    """What pyproject.toml asks for, extras included."""
    project: dict[str, Any] = tomllib.loads(read_source(course.root / "pyproject.toml"))["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    return [Requirement(text) for group in groups for text in group]


def imports(file: Path) -> set[str]:
    """The top-level names of the absolute imports of a module."""
    nodes = list(ast.walk(ast.parse(read_source(file))))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    sources = {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module and not node.level}
    return {name.partition(".")[0] for name in plain | sources} - {"grader", *sys.stdlib_module_names}


def content_lines(file: Path) -> list[str]:
    """The lines of a requirements file that require something."""
    return [line for line in read_source(file).splitlines() if line and not line.startswith("#")]
