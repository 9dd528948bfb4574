"""Where an object store is: `s3://bucket/prefix`, or `s3+https://host:port/bucket/prefix`."""

import re
from dataclasses import dataclass

_ADDRESS = re.compile(
    r"s3(?:\+(?P<endpoint>https?://[^/?#@\s]+)/|://)"
    r"(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?P<prefix>(?:/[\w.-]+)*)/?",
    re.ASCII,
)


@dataclass(frozen=True)
class ObjectAddress:
    bucket: str
    prefix: str
    "Of all names in the bucket, without slashes at its ends; empty: the bucket is ours alone."
    endpoint: str
    "As https://host:port; empty: Amazon's own."

    @classmethod
    def read(cls, text: str) -> "ObjectAddress":
        """Raises ValueError with the rest of a sentence."""
        found = _ADDRESS.fullmatch(text)
        if found is None:
            raise ValueError(
                "must look like s3://bucket/prefix or s3+https://host:port/bucket/prefix"
            )
        return cls(found["bucket"], found["prefix"].strip("/"), found["endpoint"] or "")
