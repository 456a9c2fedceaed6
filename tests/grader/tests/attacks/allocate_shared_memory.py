"""Takes memory that no resource limit of the process counts, page by page.

Outcome: fails all, memory: MB of memory and was stopped
"""

import mmap

from fastapi import FastAPI

app = FastAPI()


@app.middleware("http")
async def hoard(request: object, call_next: object) -> None:
    """Touch one page after the other."""
    for memory in [mmap.mmap(-1, 1 << 30) for _ in range(4)]:
        for start in range(0, 1 << 30, 4096):
            memory[start] = 1
