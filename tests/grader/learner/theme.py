"""How the watch screen looks: calm, dark, the map on the left where there is room for it."""

from rich.terminal_theme import TerminalTheme
from textual.theme import Theme

COURSE = Theme(
    name="course",
    primary="#7aa2c9",
    secondary="#8fb39a",
    accent="#7aa2c9",
    foreground="#d5d9e0",
    background="#16191f",
    surface="#1b1f27",
    panel="#222732",
    success="#8cc79a",
    warning="#dcb974",
    error="#e58a86",
    dark=True,
    variables={
        "footer-key-foreground": "#dcb974",
        "footer-description-foreground": "#a9b1bd",
        "footer-background": "#1b1f27",
        "scrollbar": "#2c3340",
        "scrollbar-background": "#16191f",
        "scrollbar-corner-color": "#16191f",
    },
)

# black, red, green, yellow, blue, magenta, cyan, white
NORMAL = [
    (60, 66, 78),
    (229, 138, 134),
    (140, 199, 154),
    (220, 185, 116),
    (122, 162, 201),
    (186, 155, 201),
    (124, 190, 196),
    (213, 217, 224),
]
BRIGHT = [
    (104, 112, 128),
    (240, 160, 156),
    (164, 216, 176),
    (236, 206, 145),
    (150, 186, 220),
    (206, 180, 220),
    (152, 212, 216),
    (240, 242, 245),
]
COLOURS = TerminalTheme((22, 25, 31), (213, 217, 224), NORMAL, BRIGHT)

CSS = """
#title { height: 1; padding: 0 2; background: $panel; }
#status { height: 1; padding: 0 2; color: $text-muted; background: $surface; }
#body { height: 1fr; }
#map { display: none; width: 42; padding: 1 1 1 2; background: $surface; scrollbar-size-vertical: 1; }
.-wide #map { display: block; }
#pane { padding: 1 2; scrollbar-size-vertical: 1; }
#pane:focus { background-tint: transparent 0%; }
#note, #passed { display: none; margin: 0 0 1 0; padding: 0 1; border: round $success; }
#note { border: round $warning; }
#note.-shown, #passed.-shown { display: block; }
#page { margin: 0 1 0 0; }
#page.-stale { opacity: 60%; }

Question, Lessons { align: center middle; background: $background 60%; }
#box { width: 76; max-width: 96%; height: auto; max-height: 90%; padding: 1 2; }
#box { background: $panel; border: round $primary; }
#box OptionList { height: auto; max-height: 24; margin: 1 0 0 0; background: $panel; border: none; padding: 0; }
#box OptionList > .option-list--option-highlighted { background: $primary 25%; color: $foreground; text-style: none; }
#keys { margin: 1 0 0 0; color: $text-muted; }
"""
