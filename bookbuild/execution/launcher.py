"""Run by a framework's Python: a kernel that ends with the process that started it.

Usage: launcher.py PARENT KERNEL_ARGUMENTS...
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
WAITING = 10_000
"""messages that may wait to be sent; ZeroMQ drops further ones, the end of a cell among them"""


def end_with(parent: int) -> None:
    """Have the system kill this process when the thread that started it is gone (Linux; elsewhere
    ipykernel looks for its parent every second)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before the line above
        os._exit(1)


if __name__ == "__main__":
    end_with(int(sys.argv.pop(1)))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})  # which its workers leave to their client
    sys.path.pop(0)  # this script's folder

    import zmq
    from ipykernel.kernelapp import IPKernelApp

    class Kernel(IPKernelApp):
        def init_iopub(self, context):
            context.setsockopt(zmq.SNDHWM, WAITING)
            super().init_iopub(context)

    Kernel.launch_instance()
