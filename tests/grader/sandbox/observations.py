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
    """One call of a model: how many texts or images at once, and on which thread."""

    cls: str
    batch_size: int
    on_event_loop: bool
    thread: str
    phase: str


@dataclass(frozen=True)
class Generation:
    """One finished run of a language model: chunks it made, and whether the app told it to stop early."""

    chunks: int
    was_stopped: bool


@dataclass
class Observed:
    """Everything observed so far, oldest first; `chunks` counts those of all generations, running ones included."""

    constructions: list[Construction] = field(default_factory=list)
    encodes: list[Encode] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)
    generations: list[Generation] = field(default_factory=list)
    chunks: int = 0

    def add(self, event: Event) -> None:
        """Take in one event of the child's channel; kinds that are not observations are ignored."""
        match event.kind, event.fields:
            case "constructed", (cls, phase, on_loop):
                self.constructions.append(Construction(cls, phase, on_loop == "1"))
            case "encode", (cls, size, on_loop, thread, phase):
                self.encodes.append(Encode(cls, int(size), on_loop == "1", thread, phase))
            case "chunk", ():
                self.chunks += 1
            case "generated", (count, was_stopped):
                self.generations.append(Generation(int(count), was_stopped == "1"))
            case "write", (path,):
                self.writes.append(path)

    def mark(self) -> "Observed":
        """Return a mark for `since`: everything up to now."""
        return Observed(self.constructions[:], self.encodes[:], self.writes[:], self.generations[:], self.chunks)

    def since(self, mark: "Observed") -> "Observed":
        """Return only what was observed after `mark`."""
        return Observed(
            self.constructions[len(mark.constructions) :],
            self.encodes[len(mark.encodes) :],
            self.writes[len(mark.writes) :],
            self.generations[len(mark.generations) :],
            self.chunks - mark.chunks,
        )
