"""What the child reported about itself, as a check reads it: constructions, encodes, files written."""

from dataclasses import dataclass, field

from grader.sandbox.events import Event


@dataclass(frozen=True)
class Construction:
    """One model built: its class, when ("import", "startup", "serving", "shutdown"), and on which thread."""

    cls: str
    phase: str
    on_event_loop: bool


@dataclass(frozen=True)
class Encode:
    """One call of a model's `encode`: how many texts at once, and on which thread."""

    batch_size: int
    on_event_loop: bool
    thread: str
    phase: str


@dataclass
class Observed:
    """Everything observed so far, oldest first."""

    constructions: list[Construction] = field(default_factory=list)
    encodes: list[Encode] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)

    def add(self, event: Event) -> None:
        """Take in one event of the child's channel; kinds that are not observations are ignored."""
        match event.kind, event.fields:
            case "constructed", (cls, phase, on_loop):
                self.constructions.append(Construction(cls, phase, on_loop == "1"))
            case "encode", (size, on_loop, thread, phase):
                self.encodes.append(Encode(int(size), on_loop == "1", thread, phase))
            case "write", (path,):
                self.writes.append(path)

    def mark(self) -> tuple[int, int, int]:
        """Return a mark for `since`: everything up to now."""
        return len(self.constructions), len(self.encodes), len(self.writes)

    def since(self, mark: tuple[int, int, int]) -> "Observed":
        """Return only what was observed after `mark`."""
        return Observed(self.constructions[mark[0] :], self.encodes[mark[1] :], self.writes[mark[2] :])
