"""The student: its base model as a plain checkpoint, and the full fine-tuning of it.

`materialise` and `train` are the two doors. Nothing here imports torch until one of them is used,
so that the rest of the product runs where torch is not installed.
"""

from olympiad_ineq.train.stage import Request, train
from olympiad_ineq.train.student import materialise

__all__ = ["Request", "materialise", "train"]
