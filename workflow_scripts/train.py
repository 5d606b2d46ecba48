"""Fine-tune the base model on the training examples."""

import argparse
import os
from pathlib import Path

from olympiad_ineq.errors import run_main
from olympiad_ineq.settings import Train, Wandb
from olympiad_ineq.train import Request, train


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--examples", type=Path, required=True)
    parser.add_argument("--base-model", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True, help="checkpoints; survives a kill")
    parser.add_argument("--curve", type=Path, required=True)
    parser.add_argument("--picture", type=Path)
    parser.add_argument("--settings", type=Train.model_validate_json, required=True)
    # these change nothing in what is learned, so the workflow passes them apart
    parser.add_argument("--checkpoint-steps", type=int)
    parser.add_argument("--samples", type=int)
    parser.add_argument("--wandb-mode", default=os.environ.get("WANDB_MODE"))
    parser.add_argument("--wandb-project", default=os.environ.get("WANDB_PROJECT"))
    parser.add_argument("--seed", type=int, required=True)
    args = parser.parse_args()
    wandb = {"mode": args.wandb_mode, "project": args.wandb_project}
    apart = {
        "checkpoint_steps": args.checkpoint_steps,
        "samples": args.samples,
        "wandb": Wandb.model_validate({k: v for k, v in wandb.items() if v is not None}),
    }
    settings = args.settings.model_copy(update={k: v for k, v in apart.items() if v is not None})
    request = Request(args.examples, args.base_model, args.out, args.work, args.curve, args.picture)
    train(request, settings, args.seed)


if __name__ == "__main__":
    run_main(main)
