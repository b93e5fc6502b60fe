"""A form whose body takes a while: much happens between its head and its last byte."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart


class SlowBody(BytesIO):
    """Something is done before the first byte of it comes."""

    def __init__(self, content: bytes, meanwhile: Callable[[], object]) -> None:
        super().__init__(content)
        self._meanwhile = [meanwhile]

    def read(self, size: int | None = -1, /) -> bytes:
        while self._meanwhile:
            self._meanwhile.pop()()
        return super().read(size)


def slow_post(client: Client, path: str, data: dict[str, Any], meanwhile: Callable[[], object], **headers: str) -> Any:
    """The answer to a form, where `meanwhile` is done after the site has its head and before it has its body."""
    content = encode_multipart(BOUNDARY, data)
    body = {"wsgi.input": SlowBody(content, meanwhile)}
    return client.generic("POST", path, content, MULTIPART_CONTENT, headers=headers, **body)  # type: ignore[arg-type]
