"""Run the hunt for long: `python -m tests.fuzz --mutants 100000 --seed 1 [--record FILE]`.

Exits 1 and prints the mutant if one false claim was accepted.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from pathlib import Path

from tqdm import tqdm

from benchmarks.common.mutants import classics
from olympiad_ineq.language.parse import parse_statement
from olympiad_ineq.search.decide import decide
from tests.fuzz.mutants import Hole, Tally, certificate_hole, certificate_mutant, hunt


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutants", type=int, default=100_000)
    parser.add_argument("--certificates", type=int, default=None, help="default: a tenth of it")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--record", type=Path, help="write what was found as JSON")
    options = parser.parse_args()
    extra = options.mutants // 10 if options.certificates is None else options.certificates
    started = time.time()
    accepted = tried = 0
    holes: list[Hole] = []
    bar = tqdm(total=options.mutants, desc="proofs", unit="mutant", mininterval=2)
    tally = Tally()
    for count, fresh, hole in hunt(options.mutants, options.seed, tally=tally):
        accepted += count > 0
        tried += fresh
        holes += [hole] if hole else []
        bar.update()
    bar.close()
    certificates = 0
    rng = random.Random(options.seed)
    made = []
    for fields in classics() if extra else ():
        parsed = (fields["variables"], fields["domain"], fields["given"], fields["goal"])
        found = decide(parse_statement(*parsed))
        if found.certificate is not None:
            made.append((fields, found.certificate))
    for k in tqdm(range(extra), desc="certificates", unit="mutant", mininterval=2):
        fields, certificate = certificate_mutant(*made[k % len(made)], rng)
        good, hole = certificate_hole(fields, certificate)
        certificates += good
        holes += [hole] if hole else []
    for hole in holes:
        print(json.dumps({"claim": hole.claim, "fails at": hole.witness, **hole.case}))
    summary = {
        "seed": options.seed, "proof mutants": options.mutants,
        "mutants with an accepted claim": accepted, "distinct claims tried": tried,
        "by mutation": {
            kind: {"tried": tally.tried[kind], "accepted": tally.accepted[kind]}
            for kind in sorted(tally.tried)
        },
        "certificate mutants": extra, "certificates accepted": certificates,
        "false claims accepted": len(holes), "seconds": round(time.time() - started),
    }  # fmt: skip
    print(json.dumps(summary))
    if options.record:
        options.record.write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    return 1 if holes else 0


if __name__ == "__main__":
    sys.exit(main())
