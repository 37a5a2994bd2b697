"""The committed outputs: records, their keys, and whether they still hold.

Nothing here imports Sphinx, Dask or nbclient: a clone with only the build environment, on any Python and
beside any device, gives the same answer.
"""

from bookbuild.store.freshness import (
    Freshness,
    command,
    devices,
    findings,
    freshness,
    output_findings,
    shown,
    stale,
    why,
)
from bookbuild.store.key import CellKey, Profile, explain
from bookbuild.store.records import CellRecord, Record, path, read, sweep, write
from bookbuild.store.sources import keys, profile

__all__ = [
    "CellKey",
    "CellRecord",
    "Freshness",
    "Profile",
    "Record",
    "command",
    "devices",
    "explain",
    "findings",
    "freshness",
    "keys",
    "output_findings",
    "path",
    "profile",
    "read",
    "shown",
    "stale",
    "sweep",
    "why",
    "write",
]
