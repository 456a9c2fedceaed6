"""What the child reported about itself, as a check reads it: constructions, encodes, files written."""

from dataclasses import dataclass, field

from grader.sandbox.events import Event

PHASES = {"imported": "startup", "started": "serving", "stopping": "shutdown"}


@dataclass(frozen=True)
class Construction:
    """One model built: its class, when ("import", "startup", "serving", "shutdown"), and on which thread.

    `alive` is how many models there were before it, those included that nobody uses but Python has not freed yet.
    """

    cls: str
    phase: str
    on_event_loop: bool
    alive: int = 0


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
    """One finished run of a language model: chunks it made, whether the app told it to stop early, on which thread."""

    chunks: int
    was_stopped: bool
    on_event_loop: bool


@dataclass(frozen=True)
class Comparison:
    """One comparison in constant time (`secrets.compare_digest`): what was compared, text as its UTF-8 bytes."""

    sides: tuple[bytes, bytes]


@dataclass(frozen=True)
class Derivation:
    """One run of a slow function for passwords ("scrypt" or "pbkdf2_hmac"): its cost in words, and on which thread."""

    function: str
    cost: str
    on_event_loop: bool


@dataclass
class Observed:
    """Everything observed so far, oldest first; `chunks` counts those of all generations, running ones included.

    `encodes` holds each encode from its beginning; `encodes_ended` counts those that have come to their end.
    """

    constructions: list[Construction] = field(default_factory=list)
    encodes: list[Encode] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)
    generations: list[Generation] = field(default_factory=list)
    chunks: int = 0
    encodes_ended: int = 0
    comparisons: list[Comparison] = field(default_factory=list)
    derivations: list[Derivation] = field(default_factory=list)
    phase: str = "import"

    def add(self, event: Event) -> None:
        """Take in one event of the child's channel; kinds that are not observations are ignored."""
        match event.kind, event.fields:
            case "imported" | "started" | "stopping", ():
                self.phase = PHASES[event.kind]
            case "constructed", (cls, is_main, alive):
                self.constructions.append(Construction(cls, self.phase, self._is_loop(is_main), int(alive)))
            case "encode", (cls, size, is_main, thread):
                self.encodes.append(Encode(cls, int(size), self._is_loop(is_main), thread, self.phase))
            case "encoded", ():
                self.encodes_ended += 1
            case "chunk", ():
                self.chunks += 1
            case "generated", (count, was_stopped, is_main):
                self.generations.append(Generation(int(count), was_stopped == "1", self._is_loop(is_main)))
            case "write", (path,):
                self.writes.append(path)
            case "compared", (one, other):
                self.comparisons.append(Comparison((bytes.fromhex(one), bytes.fromhex(other))))
            case "derived", (function, cost, is_main):
                self.derivations.append(Derivation(function, cost, self._is_loop(is_main)))

    def _is_loop(self, is_main: str) -> bool:
        """Whether a thread is the event loop's: that is the main thread, from the startup on."""
        return is_main == "1" and self.phase != "import"

    def mark(self) -> "Observed":
        """Return a mark for `since`: everything up to now."""
        return Observed(
            self.constructions[:],
            self.encodes[:],
            self.writes[:],
            self.generations[:],
            self.chunks,
            self.encodes_ended,
            self.comparisons[:],
            self.derivations[:],
        )

    def since(self, mark: "Observed") -> "Observed":
        """Return only what was observed after `mark`."""
        return Observed(
            self.constructions[len(mark.constructions) :],
            self.encodes[len(mark.encodes) :],
            self.writes[len(mark.writes) :],
            self.generations[len(mark.generations) :],
            self.chunks - mark.chunks,
            self.encodes_ended - mark.encodes_ended,
            self.comparisons[len(mark.comparisons) :],
            self.derivations[len(mark.derivations) :],
        )
