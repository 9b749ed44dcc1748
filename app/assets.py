"""Which static files are served? Each is read and compressed once, under a name that changes with its content."""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Final

from fastapi import Request, Response

from app.settings import PROJECT

FOREVER: Final = "public, max-age=31536000, immutable"
BUNDLE: Final = "app.css"
"""The files of css/ in one, in the order of their names."""
COMPRESSED: Final = (".css", ".js", ".svg")


@dataclass(frozen=True)
class Asset:
    """A file in memory."""

    name: str
    data: bytes

    @cached_property
    def packed(self) -> bytes | None:
        """The file as gzip; None for one that is compressed by itself, such as a font."""
        return gzip.compress(self.data, 9, mtime=0) if self.name.endswith(COMPRESSED) else None

    @property
    def media_type(self) -> str:
        """The type that the browser is told."""
        known = {".js": "text/javascript", ".woff2": "font/woff2"}
        suffix = Path(self.name).suffix
        return known.get(suffix) or mimetypes.guess_type(self.name)[0] or "application/octet-stream"


class Assets:
    """All files of a folder; `version` names this very set of them."""

    def __init__(self, folder: Path) -> None:
        names = sorted(path for path in folder.rglob("*") if path.is_file())
        self._files = {str(path.relative_to(folder)): path.read_bytes() for path in names}
        sheets = [data for name, data in self._files.items() if name.startswith("css/")]
        self._files[BUNDLE] = b"\n".join(sheets)
        digest = hashlib.sha256()
        for name, data in sorted(self._files.items()):
            digest.update(name.encode() + b"\0" + data)
        self.version = digest.hexdigest()[:12]
        self._assets = {name: Asset(name, data) for name, data in self._files.items()}

    def url(self, name: str) -> str:
        """Return where a page finds the file; raises KeyError for one that is not there."""
        return f"/static/{self.version}/{self._assets[name].name}"

    def answer(self, request: Request, version: str, name: str) -> Response:
        """Return the file; a page of an older version gets today's, not to be kept."""
        asset = self._assets.get(name)
        if asset is None:
            return Response("not found", 404)
        keep = FOREVER if version == self.version else "no-cache"
        headers = {"Cache-Control": keep, "Vary": "Accept-Encoding"}
        body = asset.data
        if asset.packed is not None and "gzip" in request.headers.get("accept-encoding", ""):
            headers["Content-Encoding"] = "gzip"
            body = asset.packed
        return Response(body, headers=headers, media_type=asset.media_type)


@cache
def assets() -> Assets:
    """Return the files of this installation, read once."""
    return Assets(PROJECT / "static")
