"""Who may reach into memory and C functions (ctypes): packages that need it, not the app itself."""

import sysconfig
from collections.abc import Callable
from types import FrameType

NATIVE_EVENTS = (
    "ctypes.dlopen", "ctypes.dlsym", "ctypes.dlsym/handle", "ctypes.string_at", "ctypes.wstring_at", "ctypes.cdata",
    "ctypes.cdata/buffer", "ctypes.addressof", "ctypes.call_function", "ctypes.set_errno",
)  # fmt: skip
PACKAGES = tuple(sysconfig.get_path(name) + "/" for name in ("purelib", "platlib"))
CALLERS_OF_ANYTHING = ("anyio", "asgiref", "click", "fastapi", "pydantic", "starlette", "typer", "uvicorn")
TRAMPOLINES = tuple(package + name + "/" for package in PACKAGES for name in CALLERS_OF_ANYTHING)


def is_called_by_package() -> Callable[[FrameType | None], bool]:
    """Return a test of the frame that made a native call: is the code behind it an installed package?

    Importing ctypes is harmless. Packages that call whatever an app hands them do not count.
    """
    starts, ends, packages, trampolines = str.startswith, str.endswith, PACKAGES, TRAMPOLINES

    def test(frame: FrameType | None) -> bool:
        while frame is not None:
            name = frame.f_code.co_filename
            if not ends(name, "/ctypes/__init__.py"):
                return starts(name, packages) and not starts(name, trampolines)
            if frame.f_code.co_name == "<module>":
                return True
            frame = frame.f_back
        return False

    return test
