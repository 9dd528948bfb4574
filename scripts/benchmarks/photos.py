"""What isolation costs: photos through the workers, beside a plain loop of the same steps.

Photos of 12 megapixels, as phones send them, become a large and a small rendition: once as the server
has it done, each in a process of its own under limits, and once by Pillow in one process, at the same
priority. Both take turns, and the first photo of each is not counted. The bytes go in and come out by
memory: uploads and the disk are not measured here.
"""

import asyncio
import resource
import time
from collections.abc import AsyncIterator
from concurrent.futures import ProcessPoolExecutor
from io import BytesIO
from multiprocessing import get_context
from statistics import median
from typing import Any

from PIL import Image, ImageOps

from scripts.benchmarks._figures import lines
from web.attachments.job import LARGE, SMALL, Rendition
from web.attachments.photos import QUALITY
from web.attachments.workers import BLOCK_BYTES, FileWorkers
from web.config import harmless_environment
from web.processes.priority import give_way

SIZE = (4032, 3024)
PHOTOS = 5
"In a row, for one figure."
ROUNDS = 5
ORIENTATION = 0x0112


def run() -> dict[str, Any]:
    """Seconds for a photo, each way, and the ratio of the two."""
    return asyncio.run(measure(_photo()))


def table(result: dict[str, Any]) -> str:
    return lines(
        [
            ["way", "ms for a photo", "ms of the processor"],
            ["plain loop in one process", result["plain_ms"], result["plain_processor_ms"]],
            ["workers", result["workers_ms"], result["workers_processor_ms"]],
            ["times as fast", result["times_as_fast"], result["processor_times_as_fast"]],
        ]
    )


async def measure(photo: bytes) -> dict[str, Any]:
    """Take the photo in, again and again, both ways."""
    workers = FileWorkers(harmless_environment())
    plain, ours = [], []
    processor = 0.0
    with ProcessPoolExecutor(1, get_context("spawn"), give_way) as pool:
        for _ in range(ROUNDS):
            plain.append(await asyncio.wrap_future(pool.submit(plain_loop, photo, PHOTOS)))
            before = time.process_time()
            ours.append(await _through(workers, photo))
            processor += time.process_time() - before
        workers.stop()
        await workers.stopped()
        # The helper is the only process that has ended by now, and its forks count as its own.
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = (processor + used.ru_utime + used.ru_stime) / (ROUNDS * (PHOTOS + 1))
    ratios = [slow / fast for (slow, _), fast in zip(plain, ours, strict=True)]
    of_plain = median(spent for _, spent in plain)
    return {
        "photo_bytes": len(photo),
        "plain_ms": median(seconds for seconds, _ in plain) * 1000,
        "workers_ms": median(ours) * 1000,
        "times_as_fast": median(ratios),
        "plain_processor_ms": of_plain * 1000,
        "workers_processor_ms": processor * 1000,
        "processor_times_as_fast": of_plain / processor,
    }


def plain_loop(photo: bytes, count: int) -> tuple[float, float]:
    """Seconds for a photo, by the clock and of the processor, by the steps of the workers alone."""
    started, spent = time.perf_counter(), time.process_time()
    for number in range(count + 1):
        if number == 1:
            started, spent = time.perf_counter(), time.process_time()
        with Image.open(BytesIO(photo)) as opened:
            opened.draft(None, (LARGE, LARGE))
            opened.thumbnail((LARGE, LARGE), reducing_gap=None)
            large = ImageOps.exif_transpose(opened)
        large.save(BytesIO(), "JPEG", quality=QUALITY)
        small = large.copy()
        small.thumbnail((SMALL, SMALL))
        small.save(BytesIO(), "JPEG", quality=QUALITY, subsampling="4:4:4")
    return (time.perf_counter() - started) / count, (time.process_time() - spent) / count


async def _through(workers: FileWorkers, photo: bytes) -> float:
    started = time.perf_counter()
    for number in range(PHOTOS + 1):
        if number == 1:
            started = time.perf_counter()
        await workers.examine(len(photo), _blocks(photo), _drop)
    return (time.perf_counter() - started) / PHOTOS


async def _blocks(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), BLOCK_BYTES):
        yield data[start : start + BLOCK_BYTES]


async def _drop(rendition: Rendition, content: AsyncIterator[bytes]) -> None:
    async for _ in content:
        pass


def _photo() -> bytes:
    """A photo with the detail of a real one: some 4 MB, held upright by its EXIF."""
    coarse = Image.effect_noise((SIZE[0] // 12, SIZE[1] // 12), 90).resize(SIZE)
    fine = Image.effect_noise(SIZE, 18)
    mixed = Image.blend(coarse, fine, 0.25)
    picture = Image.merge("RGB", (mixed, coarse, ImageOps.invert(mixed)))
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    target = BytesIO()
    picture.save(target, "JPEG", quality=92, exif=exif)
    return target.getvalue()
