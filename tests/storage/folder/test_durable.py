"""An error of a full disk names the file that did not fit."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyrage
import pytest

from storage.backup.age import Identity, Recipients
from storage.engine.master_key import make_key, read_key
from storage.errors import MasterKeyError
from storage.folder import durable


@contextmanager
def full_disk() -> Iterator[None]:
    """No file can become longer than 100 bytes."""
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limit[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)


def test_a_file_that_cannot_be_written_is_named_and_absent(tmp_path: Path) -> None:
    with full_disk(), pytest.raises(OSError, match="File too large") as refused:
        durable.write(tmp_path / "list", b"x" * 1000)
    assert refused.value.filename == str(tmp_path / "list")
    assert not list(tmp_path.iterdir())


def test_a_copy_that_cannot_be_written_is_named_not_its_source(tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(b"x" * 1000)
    with full_disk(), pytest.raises(OSError, match="File too large") as refused:
        durable.copy(tmp_path / "source", tmp_path / "copy")
    assert refused.value.filename == str(tmp_path / "copy")


def test_a_full_disk_is_not_reported_as_a_wrong_identity(tmp_path: Path) -> None:
    made = pyrage.x25519.Identity.generate()
    (tmp_path / "identity").write_text(str(made))
    (tmp_path / "plain").write_bytes(b"x" * 1000)
    recipients = Recipients([str(made.to_public())])
    with full_disk(), pytest.raises(OSError, match="File too large") as refused:
        recipients.encrypt(tmp_path / "plain", tmp_path / "half")
    assert refused.value.filename == str(tmp_path / "half")
    recipients.encrypt(tmp_path / "plain", tmp_path / "whole")
    with full_disk(), pytest.raises(OSError, match="File too large") as refused:
        Identity(tmp_path / "identity").decrypt(tmp_path / "whole", tmp_path / "opened")
    assert refused.value.filename == str(tmp_path / "opened")


def test_an_unusable_master_key_is_reported_in_plain_words(tmp_path: Path) -> None:
    (tmp_path / "utf-16").write_bytes("key".encode("utf-16"))
    for use, name, reason in (
        (make_key, "none/key", "cannot be written: No such file or directory."),
        (read_key, ".", "cannot be read: Is a directory."),
        (read_key, "utf-16", "is not 32 bytes in base64."),
    ):
        with pytest.raises(MasterKeyError) as refused:
            use(tmp_path / name)
        assert str(refused.value).endswith(reason), refused.value
    assert [path.name for path in tmp_path.iterdir()] == ["utf-16"]
