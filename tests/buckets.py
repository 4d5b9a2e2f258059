"""Buckets for tests: every change in one line."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from obstore.store import S3Store

from tests.git_repositories import File, as_bytes
from tests.stack.object_store import ACCESS_KEY, SECRET_KEY, ObjectStore


@dataclass
class ScriptedBucket:
    """A bucket that a test commits to, as to a repository."""

    server: ObjectStore
    bucket: str
    files: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.server.make_bucket(self.bucket)

    @property
    def url(self) -> str:
        return f"s3://{self.server.host}/{self.bucket}"

    @property
    def store(self) -> S3Store:
        return S3Store(
            self.bucket,
            endpoint=self.server.url,
            region="us-east-1",
            access_key_id=ACCESS_KEY,
            secret_access_key=SECRET_KEY,
            virtual_hosted_style_request=False,
            client_options={"allow_http": True},
        )

    def commit(self, files: Mapping[str, File]) -> str:
        """Put and remove files; return the digest of all that is there then, as Flux has it."""
        for path, content in files.items():
            if content is None:
                self.store.delete(path)
                del self.files[path]
            else:
                self.store.put(path, as_bytes(content))
                self.files[path] = as_bytes(content)
        tags = {path: hashlib.md5(file, usedforsecurity=False) for path, file in self.files.items()}
        lines = "".join(f"{path} {tags[path].hexdigest()}\n" for path in sorted(tags))
        return f"sha256:{hashlib.sha256(lines.encode()).hexdigest()}"

    def rewrite(self, files: Mapping[str, File]) -> str:
        """Put other files in place of all."""
        return self.commit({**dict.fromkeys(self.files.keys() - files.keys()), **files})
