"""The weights of the least validation loss so far, kept beside the checkpoints."""

import json
import shutil
from pathlib import Path
from typing import Any, NamedTuple

from olympiad_ineq.artifacts import write_json
from olympiad_ineq.train.checkpoints import is_whole, seal
from olympiad_ineq.train.folders import atomic_folder

_RECORD = "validation.json"
_WEIGHTS = "model*.safetensors*"


class Validated(NamedTuple):
    """A step and the validation loss after it."""

    step: int
    loss: float


class Best:
    """One folder, replaced whole; what another run left there, or a damaged one, counts as none."""

    def __init__(self, folder: Path, fingerprint: str) -> None:
        self.folder = folder
        self._fingerprint = fingerprint

    def write(self, model: Any, dtype: Any, at: Validated) -> None:
        """Save the model's weights as `dtype`; the model itself stays as it is."""
        cast: dict[int, Any] = {}  # tied weights stay one tensor, or they would be saved twice
        state = {
            name: cast.setdefault(value.data_ptr(), value.detach().to(dtype))
            for name, value in model.state_dict().items()
        }
        with atomic_folder(self.folder) as folder:
            model.save_pretrained(folder, state_dict=state)
            write_json(folder / _RECORD, {"run": self._fingerprint, **at._asdict()})
            seal(folder)

    def read(self) -> Validated | None:
        """Which step it is of."""
        try:
            record = json.loads((self.folder / _RECORD).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        if record.get("run") != self._fingerprint or not is_whole(self.folder):
            return None
        return Validated(record["step"], record["loss"])

    def put_into(self, folder: Path) -> None:
        """Replace the weights in a saved model's folder by these."""
        for path in folder.glob(_WEIGHTS):
            path.unlink()
        for path in self.folder.glob(_WEIGHTS):
            shutil.copy2(path, folder)

    def discard(self) -> None:
        """Remove the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)
