"""Execution: notebooks in their frameworks' kernels, on Dask, into the store."""

from bookbuild.execution.run import Result, execute

__all__ = ["Result", "execute"]
