"""Helpers of the book: one module per framework over a framework-free core.

``from d2l import torch as d2l`` (or ``tensorflow``, ``mxnet``, ``jax``) imports that one framework.
"""

__version__ = "0.1.0"
