"""Text from an app made harmless to show: no terminal codes, no invisible characters, of bounded length."""

import re

TERMINAL_CODE = re.compile(r"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)?|[@-Z\\^_])")
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def plain_text(text: str) -> str:
    """Return `text` with its lines and tabs, but without codes that would move a cursor or colour a terminal."""
    return CONTROL.sub("�", TERMINAL_CODE.sub("", text.replace("\r\n", "\n")))


def plain_line(text: str, longest: int = 1000) -> str:
    """Return `text` as one line that is fit to be shown, cut to `longest` characters."""
    line = " ".join(plain_text(text[: longest * 4]).split())
    line = "".join(each if each.isprintable() else "�" for each in line)
    return line if len(line) <= longest else f"{line[: longest - 1]}…"
