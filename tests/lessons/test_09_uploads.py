"""Lesson 09: what people who send pictures rely on, and what strangers who send something else must not achieve."""

import os
import struct
import zlib
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

import httpx2
from PIL import Image, ImageDraw

from grader import App, Client, check

FORM = "course-form"
TYPE = f"multipart/form-data; boundary={FORM}"
FORM_BYTES = 10_000
SIGNATURE = b"\x89PNG\r\n\x1a\n"


def environment(rng: Random) -> dict[str, str]:
    """Limits and a folder that nobody can know before."""
    return {
        "MAX_BYTES": str(rng.randrange(66_000, 90_000) | 16),  # more than a chunk; a bit in common with FORM_BYTES
        "MAX_PIXELS": str(rng.randrange(150, 250) * rng.randrange(300, 400)),
        "UPLOAD_DIR": f"uploads-{rng.randrange(10**9)}",
    }


@check("9.1")
def test_the_likeliest_classes_come_first(client: Client, rng: Random) -> None:
    """A page shows the first label in large letters: it has to be the one that the model believes in most."""
    picture = encoded(drawing(rng))
    shares = [probability for _, probability in labels(send(client, picture, top=10), 10)]
    assert shares == sorted(shares, reverse=True), "The labels should be sorted by their probability, the best first."
    assert sum(shares) <= 1.0001, "The probabilities are shares of one whole: ten of the thousand cannot exceed 1."
    assert labels(send(client, picture), 3) == labels(send(client, picture, top=3), 3), "Without `top`, three labels."
    other = labels(send(client, encoded(drawing(rng)), top=10), 10)
    assert [probability for _, probability in other] != shares, "Another picture should get other probabilities."


@check("9.1")
def test_the_same_picture_gets_the_same_labels(client: Client, rng: Random) -> None:
    """People send what their phone makes: the labels should follow from what they see, not from how it was stored."""
    picture = drawing(rng)
    expected = labels(send(client, encoded(picture)), 3)
    again = labels(send(client, encoded(picture, "WEBP", lossless=True)), 3)
    assert again == expected, "The same pixels as PNG and as lossless WebP should get exactly the same labels."
    orientation = Image.Exif()
    orientation[0x0112] = 6  # "turn me a quarter to the right to see me upright"
    sideways = encoded(picture.transpose(Image.Transpose.ROTATE_90), exif=orientation)
    assert labels(send(client, sideways), 3) == expected, (
        "A picture stored sideways, with an EXIF note that says so, should be turned: `ImageOps.exif_transpose`."
    )


@check("9.1")
def test_all_sorts_of_pixels(client: Client, rng: Random) -> None:
    """Scans are grey, logos have a palette, screenshots are transparent: the model wants three colours of each."""
    for mode in ("L", "P", "RGBA", "1"):
        response = send(client, encoded(drawing(rng).convert(mode)))
        assert response.status_code == 200, f"A picture of mode {mode!r} is a picture: 200, after `convert('RGB')`."


@check("9.1")
def test_the_event_loop_stays_free(app: App, client: Client, rng: Random) -> None:
    """A picture takes the model a while: on the event loop, nobody else is served, and health checks time out."""
    before = app.observed.mark()
    labels(send(client, encoded(drawing(rng))), 3)
    runs = app.observed.since(before).encodes
    assert len(runs) == 1, f"One picture should take one call of the model, not {len(runs)}."
    assert not runs[0].on_event_loop, "The model should run in a thread: `await run_in_threadpool(...)`."
    built = app.observed.constructions
    assert len(built) == 1, f"All requests should share the model of the lifespan; {len(built)} have been built."


@check("9.2")
def test_the_limit_is_exact(app: App, client: Client, rng: Random) -> None:
    """Your docs promise a number of bytes: a picture of that size has to pass, and one more byte is too many."""
    most = int(app.env["MAX_BYTES"])
    response = client.post("/classify", content=full_form(padded(drawing(rng), most)), headers={"content-type": TYPE})
    assert response.status_code == 200, (
        f"A file of exactly MAX_BYTES ({most}) should pass, with FORM_BYTES ({FORM_BYTES}) around it: boundaries, "
        "names and other fields are no part of the file."
    )
    response = send(client, padded(drawing(rng), most + 1))
    assert response.status_code == 413, f"A file of MAX_BYTES + 1 ({most + 1}) should be refused with 413."


@check("9.2")
def test_a_body_without_end(app: App) -> None:
    """Whoever announces no size can send for hours: read to the end before you count, and your disk is full."""
    most = int(app.env["MAX_BYTES"]) + FORM_BYTES
    body = form_head() + bytes(most + 1 - len(form_head()))
    piece = f"{len(body):x}\r\n".encode() + body + b"\r\n"  # as a chunked body has it, and the last chunk never comes
    request = app.begin("POST", "/classify", content=iter([piece]), headers={"content-type": TYPE})
    assert request.arrives(), (
        f"MAX_BYTES + FORM_BYTES + 1 ({most + 1}) bytes have arrived, without a Content-Length, and more may follow: "
        "the answer should come now, and the app still waits for the end. `max_body_size` counts what arrives."
    )
    status = request.answer().status_code
    assert status == 413, f"A body above MAX_BYTES + FORM_BYTES should be refused with 413, and not {status}."


@check("9.3")
def test_content_decides(client: Client, rng: Random) -> None:
    """The header and the name are whatever the sender typed: a script that says image/png is still a script."""
    for content in (f"<script>alert({rng.random()})</script>".encode(), b"PK\x03\x04" + rng.randbytes(200), b""):
        response = send(client, content, name="cat.png", type="image/png")
        assert response.status_code == 415, "What is no picture should get a 415, whatever its name and type claim."
    for type in ("text/plain", ""):
        response = send(client, encoded(drawing(rng)), name="notes.txt", type=type)
        assert response.status_code == 200, "A picture is one by its content, also when it is called notes.txt."


@check("9.3")
def test_only_the_formats_on_the_list(client: Client, rng: Random) -> None:
    """Pillow has some forty decoders, many old and rarely used: each that you offer is one that can be attacked."""
    picture = drawing(rng)
    for format in ("JPEG", "PNG", "WEBP"):
        response = send(client, encoded(picture, format))
        assert response.status_code == 200, f"{format} is in FORMATS: 200."
    for format in ("GIF", "BMP", "TIFF", "PPM"):
        response = send(client, encoded(picture, format), name="cat.png", type="image/png")
        assert response.status_code == 415, f"{format} is not in FORMATS: 415. `Image.open(…, formats=FORMATS)`"


@check("9.3")
def test_half_a_picture_is_broken(client: Client, rng: Random) -> None:
    """Uploads break off. Half a picture is half grey, and its labels would be those of something nobody sent."""
    for format in ("PNG", "JPEG", "WEBP"):
        whole = encoded(drawing(rng), format)
        response = send(client, whole[: len(whole) // 2])
        assert response.status_code == 422, f"Half a {format} is recognised and cannot be decoded: 422."


@check("9.3")
def test_broken_in_other_ways(client: Client, rng: Random) -> None:
    """Decoders meet damage with all sorts of exceptions: each that you forget is a 500 that anybody can cause."""
    for picture in (garbage_between(rng), SIGNATURE + chunk(b"IHDR", rng.randbytes(5))):
        response = send(client, picture)
        assert response.status_code == 422, (
            "This begins as a PNG does and is damaged further on: 422, whichever exception Pillow raises for it."
        )


@check("9.4")
def test_names_lead_nowhere(app: App, client: Client, rng: Random) -> None:
    """A name arrives as it was typed: ../../ walks out of your folder, and .php is run by the web server next door."""
    word = f"w{rng.randrange(10**9)}"
    for name in (f"../../{word}", f"/tmp/{word}.png", f"{word}.{word}", word * 30):
        before = app.observed.mark()
        response = send(client, encoded(drawing(rng)), name=name)
        assert response.status_code == 200, f"A picture is a picture, also when it is called {shortened(name)}: 200."
        written = app.observed.since(before).writes
        assert written, "The upload should be copied to a file in UPLOAD_DIR; nothing was written."
        for path in written:
            assert is_inside(path, app.env["UPLOAD_DIR"]), f"Write into UPLOAD_DIR only, and not to {shortened(path)}."
            assert word not in path, f"No part of the sender's name belongs into {shortened(path)}: `uuid4().hex`."


@check("9.4")
def test_equal_names_are_different_files(app: App, client: Client, rng: Random) -> None:
    """Every phone calls its first picture IMG_0001.jpg: two people at once must not write into the same file."""
    before = app.observed.mark()
    picture = encoded(drawing(rng))
    for _ in range(2):
        response = send(client, picture, name="IMG_0001.jpg")
        assert response.status_code == 200, "A picture that comes again is classified again: 200."
    files = [path for path in app.observed.since(before).writes if Path(path).name != app.env["UPLOAD_DIR"]]
    assert len(files) >= 2, "Each upload should be copied to a file of its own in UPLOAD_DIR."
    assert len(set(files)) == len(files), f"Each upload needs a new name; {shortened(files[0])} was used again."


@check("9.5")
def test_nothing_stays_after_an_answer(app: App, client: Client, rng: Random) -> None:
    """A service that keeps what it should have forgotten has a full disk one day, and a letter from a lawyer."""
    response = send(client, encoded(drawing(rng)))
    assert response.status_code == 200, "This is a picture: 200."
    assert not app.scratch_files(), f"When the labels go out, the file should be gone: {left(app)}"


@check("9.5")
def test_nothing_stays_after_a_refusal(app: App, client: Client, rng: Random) -> None:
    """Refusals are what attackers can have as many of as they like: a file left by each fills any disk."""
    whole = encoded(drawing(rng))
    too_large = padded(drawing(rng), int(app.env["MAX_BYTES"]) + 1)
    assert send(client, whole).status_code == 200, "This is a picture: 200."
    for content in (rng.randbytes(500), whole[: len(whole) // 2], too_large):
        send(client, content)
        assert not app.scratch_files(), f"A file that was not accepted should be removed as well: {left(app)}"


@check("9.5")
def test_nothing_stays_when_the_model_fails(app: App, rng: Random) -> None:
    """The day the model fails is the day on which nobody has time for a full disk, too."""
    files = {"image": ("a.png", encoded(drawing(rng)), "image/png")}
    assert app.begin("POST", "/classify", files=files).answer().status_code == 200, "This is a picture: 200."
    with app.hold() as hold:
        request = app.begin("POST", "/classify", files=files)
        hold.is_reached(request)
        hold.break_one()
        request.answer()
    assert not app.scratch_files(), f"The model raised an exception, and the file is still there: {left(app)}"


@check("9.6")
def test_a_bomb_does_not_go_off(app: App, client: Client, rng: Random) -> None:
    """A file of some kilobytes can hold a picture of gigabytes: a dozen of these, and the server is gone."""
    sides = 9_500 + rng.randrange(500), 20_000 + rng.randrange(500)
    for side, bomb in zip(sides, (blank(sides[0], sides[0]), resized(blank(9, 9), sides[1])), strict=True):
        response = send(client, bomb)
        assert response.status_code == 413, (
            f"A picture of {side} × {side} pixels has far more than MAX_PIXELS ({app.env['MAX_PIXELS']}): 413, "
            "before it is decoded. Pillow by itself warns from 89 million pixels on, and refuses from twice that."
        )
    assert app.is_alive, "The app should still be there."


@check("9.6")
def test_the_limit_of_pixels_is_exact(client: Client, app: App) -> None:
    """Between the promised limit and the real one lies the memory that you have not planned for."""
    most = int(app.env["MAX_PIXELS"])
    height = next(rows for rows in range(250, 100, -1) if most % rows == 0)
    width = most // height
    response = send(client, encoded(Image.new("RGB", (width, height))))
    assert response.status_code == 200, f"{width} × {height} is exactly MAX_PIXELS: 200."
    for size in ((width + 1, height), (width, height + 1), (most + 1, 1)):
        response = send(client, encoded(Image.new("RGB", size)))
        assert response.status_code == 413, f"{size[0]} × {size[1]} is more than MAX_PIXELS ({most}): 413."


def drawing(rng: Random) -> Image.Image:
    """A picture that nobody has seen before, wider than it is high."""
    picture = Image.new("RGB", (rng.randrange(90, 130), rng.randrange(50, 80)))
    pen = ImageDraw.Draw(picture)
    for _ in range(12):
        x, y, size = rng.randrange(120), rng.randrange(70), rng.randrange(8, 50)
        colour = (rng.randrange(256), rng.randrange(256), rng.randrange(256))
        (pen.ellipse if rng.random() < 0.5 else pen.rectangle)((x, y, x + size, y + size), fill=colour)
    return picture


def encoded(picture: Image.Image, format: str = "PNG", **options: Any) -> bytes:
    """A picture as the bytes of a file."""
    file = BytesIO()
    picture.save(file, format, **options)
    return file.getvalue()


def chunk(kind: bytes, content: bytes) -> bytes:
    """One chunk of a PNG file."""
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_head(width: int, height: int) -> bytes:
    """The beginning of a PNG with one bit a pixel."""
    return SIGNATURE + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))


def blank(width: int, height: int) -> bytes:
    """A black PNG of this size, whose rows are never all in memory here."""
    packer, row = zlib.compressobj(9), bytes(1 + (width + 7) // 8)
    rows = [packer.compress(row * 100) for _ in range(height // 100)] + [packer.compress(row * (height % 100))]
    return png_head(width, height) + chunk(b"IDAT", b"".join(rows) + packer.flush()) + chunk(b"IEND", b"")


def resized(file: bytes, side: int) -> bytes:
    """A PNG whose head claims another size: Pillow's own limit looks at nothing else."""
    head = png_head(side, side)
    return head + file[len(head) :]


def padded(picture: Image.Image, size: int) -> bytes:
    """A sound PNG of exactly `size` bytes: a chunk that no decoder knows makes up for what is missing."""
    file = encoded(picture)
    end = file.rindex(b"IEND") - 4
    return file[:end] + chunk(b"paDd", bytes(size - len(file) - 12)) + file[end:]


def garbage_between(rng: Random) -> bytes:
    """A PNG whose first half is sound, and then comes a chunk whose kind is no kind."""
    pixels = zlib.compress(rng.randbytes(1000))
    half = len(pixels) // 2
    return png_head(64, 64) + chunk(b"IDAT", pixels[:half]) + chunk(b"\0\1\2\3", pixels[half:]) + chunk(b"IEND", b"")


def form_head() -> bytes:
    """The beginning of a form with a picture, up to its first byte."""
    lines = [f"--{FORM}", 'Content-Disposition: form-data; name="image"; filename="a.png"', "Content-Type: image/png"]
    return "\r\n".join([*lines, "", ""]).encode()


def full_form(content: bytes) -> bytes:
    """A form with a picture and a note, that takes exactly FORM_BYTES more than the picture."""
    note = f'--{FORM}\r\nContent-Disposition: form-data; name="note"\r\n\r\n'.encode()
    after = b"\r\n" + form_head()
    end = f"\r\n--{FORM}--\r\n".encode()
    return note + b"n" * (FORM_BYTES - len(note + after + end)) + after + content + end


def send(
    client: Client, content: bytes, *, name: str = "cat.png", type: str = "image/png", top: int | None = None
) -> httpx2.Response:
    """Upload a file."""
    params = {} if top is None else {"top": top}
    return client.post("/classify", files={"image": (name, content, type)}, params=params)


def labels(response: httpx2.Response, count: int) -> list[tuple[str, float]]:
    """The labels of an answer with their probabilities: as many as expected, each well-formed."""
    assert response.status_code == 200, "This is a picture within the limits: it should be answered with 200."
    body: Any = response.json()
    assert isinstance(body, list), 'The answer should look like [{"label": "…", "probability": 0.4}, …].'
    assert len(body) == count, f"There should be {count} labels, not {len(body)}."
    for one in body:
        assert isinstance(one, dict) and set(one) == {"label", "probability"}, "Each has a label and a probability."
        assert isinstance(one["label"], str) and one["label"], "A label is a word."
        assert isinstance(one["probability"], float) and 0 <= one["probability"] <= 1, "Probabilities lie in 0–1."
    return [(one["label"], one["probability"]) for one in body]


def is_inside(path: str, folder: str) -> bool:
    """Whether a path is a file right in the folder of uploads (or the folder, which temporary files open first)."""
    place = Path(os.path.normpath(path))
    return folder in (place.name, place.parent.name)


def shortened(text: str) -> str:
    """A name that may be very long, for a message."""
    return text if len(text) < 80 else f"{text[:50]}…{text[-20:]}"


def left(app: App) -> str:
    """What lies in the app's folder, for a message."""
    names = [shortened(name) for name in app.scratch_files()]
    return ", ".join(names[:2]) + (f" and {len(names) - 2} more" if len(names) > 2 else "")
