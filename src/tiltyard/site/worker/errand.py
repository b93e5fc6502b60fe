"""What measuring a shard needs, in a form that travels: here, or to a node of a cluster."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tiltyard.contest.entry import Entry
from tiltyard.contest.executor import Executor
from tiltyard.contest.registry import find_track
from tiltyard.contest.run import Progress, Run, silent
from tiltyard.contest.track import Measured, Shard, TrackData
from tiltyard.errors import TiltyardError
from tiltyard.site.places import FOLDER, Places, places
from tiltyard.site.serving.token import workers_token
from tiltyard.site.storing.store import SITE_URL, TOKEN
from tiltyard.site.storing.unpacking import Manifest, load_data, open_stored

NODES_CACHE = "TILTYARD_NODE_CACHE"
"""Environment variable of a node: where it unpacks what it fetched."""


@dataclass(frozen=True)
class Errand:
    """An entry, the data it is measured on, and how."""

    track: str
    where: str
    settings: Mapping[str, Any]
    manifest: Manifest
    digest: str
    file_name: str
    seed: int

    def entry(self) -> Entry:
        return open_stored(self.track, self.digest, self.file_name)

    def data(self) -> TrackData:
        return load_data(self.manifest, track=self.track, where=self.where, settings=self.settings)

    def run(self, progress: Progress = silent) -> Run:
        return Run(seed=self.seed, progress=progress)

    def measure(self, shard: Shard, progress: Progress = silent) -> Measured:
        """Measures one shard in this process. EntryError, JailUnavailable."""
        return find_track(self.track).measure(self.entry(), shard, self.data(), self.run(progress))


def measure_elsewhere(errand: Errand, shard: Shard, executor: Executor) -> Measured:
    """Measures one shard where the executor sends it: on a node that sees the data folder or reaches the site."""
    [(_, measured)] = executor.submit(partial(_measure_there, errand, _way_to_files()), [shard])
    return measured


def _way_to_files() -> dict[str, str]:
    """What a node must know to get at the store."""
    if url := os.environ.get(SITE_URL):
        return {SITE_URL: url, TOKEN: os.environ.get(TOKEN, "")}
    here = places()
    address = os.environ.get("TILTYARD_ADDRESS", "")
    return {FOLDER: str(here.folder), SITE_URL: address, TOKEN: workers_token(here.folder)}


def _measure_there(errand: Errand, way: Mapping[str, str], shard: Shard) -> Measured:
    """What runs on the node: by the site's own folder where it is there, else over HTTP."""
    shared = Path(way.get(FOLDER, "")) if way.get(FOLDER) else None
    if shared and Places(shared).store.is_dir():
        os.environ[FOLDER] = str(shared)
        os.environ.pop(SITE_URL, None)
    else:
        os.environ.update({FOLDER: str(_own_folder()), SITE_URL: way[SITE_URL], TOKEN: way[TOKEN]})
    return errand.measure(shard)


def _own_folder() -> Path:
    """Where the node keeps what it fetched. TiltyardError where others could write there, and so forge the data."""
    own = Path(os.environ.get(NODES_CACHE, f"/tmp/tiltyard-node-{os.getuid()}"))  # noqa: S108 - looked at below
    own.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = own.lstat()
    if status.st_uid != os.getuid() or status.st_mode & 0o022:
        raise TiltyardError(f"{own}: others can write there: set {NODES_CACHE} to a folder of this user alone")
    return own
