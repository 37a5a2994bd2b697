"""The environment variables of a kernel: all of them, chosen, none inherited but by name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

INHERITED = ("LD_LIBRARY_PATH", "PATH")
ON_GPU = ("CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES")
ONE_THREAD = (
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "TF_NUM_INTEROP_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
"""sums come out the same only in one order"""


def variables(
    root: Path, folder: Path, framework: str, device: str, outer: Mapping[str, str]
) -> dict[str, str]:
    """Variables for a kernel whose run folder is ``folder``, in a runner whose own are ``outer``.

    Neither the user's packages nor their settings (IPython, matplotlib, Keras) reach the kernel: its home
    is inside the run folder.
    """
    values = {name: outer[name] for name in INHERITED if name in outer}
    values |= dict.fromkeys(ONE_THREAD, "1")
    values |= {
        "COLUMNS": "80",
        "HOME": str(folder / "home"),
        "IPYTHONDIR": str(folder / "home" / "ipython"),
        "JUPYTER_PLATFORM_DIRS": "1",
        "KERAS_BACKEND": "tensorflow",
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "MATPLOTLIBRC": str(Path(__file__).with_name("matplotlibrc")),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        # the list of fonts is made once, not by every kernel
        "MPLCONFIGDIR": str(root / "_build" / "cache" / f"matplotlib-{framework}"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONNOUSERSITE": "1",
        "PYTHONPATH": str(folder / "lib"),
        "PYTHONUTF8": "1",
        "SOURCE_DATE_EPOCH": "0",
        "TERM": "dumb",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "TMPDIR": str(folder / "tmp"),
        "TZ": "UTC",
    }
    if device == "cpu":
        values |= {"CUDA_VISIBLE_DEVICES": "", "JAX_PLATFORMS": "cpu"}
    else:
        values |= {name: outer[name] for name in ON_GPU if name in outer}
    return values
