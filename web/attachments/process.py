"""`python -m web.attachments.process` examines files, each in a process of its own.

`web/attachments/workers.py` starts it and sends it one socket for each file through its stdin, a Unix
socket. It has loaded all libraries, and forks for each file: the fork reads a `Job` and the file,
writes an `Outcome`, and ends, so that nothing of a file, and nothing that a file did to a decoder,
meets the next one. It never reads a file itself, and examines one at a time.
"""

import gc
import os
import socket
import sys
import traceback

import msgspec

from web.attachments import pdfs, photos, sandbox
from web.attachments.content_sniffing import sniff
from web.attachments.job import LINE_BYTES, READY, Job, Outcome, Refused, encode
from web.attachments.photos import Picture


def main(control: socket.socket) -> int:
    """Serve until the other end closes."""
    namespace = sandbox.for_the_parent()
    photos.prepare()
    gc.collect()
    gc.freeze()
    control.sendall(READY)
    parent = os.getpid()
    while True:
        _, descriptors, _, _ = socket.recv_fds(control, 1, 1)
        if not descriptors:
            return 0
        if (child := os.fork()) == 0:
            control.close()
            _fork(socket.socket(fileno=descriptors[0]), namespace, parent)
        os.close(descriptors[0])
        os.waitpid(child, 0)


def _fork(connection: socket.socket, namespace: bool, parent: int) -> None:
    """The life of a process that examines one file. Does not return."""
    status = 1
    try:
        sandbox.for_a_file(namespace, parent)
        serve(connection)
        status = 0
    finally:
        os._exit(status)


def serve(connection: socket.socket) -> None:
    """Read one job with its file, and write the outcome with the renditions."""
    with connection.makefile("rb") as source:
        job = msgspec.json.decode(source.readline(LINE_BYTES), type=Job)
        data = source.read(job.size)
    outcome, pictures = done(job, data)
    connection.sendall(encode(outcome))
    for picture in pictures:
        connection.sendall(picture.data)
    connection.shutdown(socket.SHUT_WR)


def done(job: Job, data: bytes) -> tuple[Outcome, list[Picture]]:
    """What a job comes to. Never raises for anything in a file."""
    try:
        if len(data) != job.size:
            raise Refused("file_incomplete")
        kind = sniff(data)
        if kind != "pdf":
            pictures = photos.examine(kind, data)
            outcome = Outcome(kind="photo")
        elif job.task == "page":
            pictures = pdfs.page(data, job.page)
            outcome = Outcome(kind="pdf")
        else:
            outcome, pictures = pdfs.examine(data)
    except Refused as refusal:
        return Outcome(refused=refusal.code), []
    except Exception as error:
        return Outcome(refused="file_unreadable", reason=_place(error)), []
    outcome.renditions = [picture.rendition for picture in pictures]
    return outcome, pictures


def _place(error: Exception) -> str:
    """Type and place of an error; its own text may quote the file."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {os.path.basename(last.filename)}:{last.lineno}"


if __name__ == "__main__":
    sys.exit(main(socket.socket(fileno=0)))
