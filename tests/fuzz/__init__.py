"""Random attacks on the checker: `python -m tests.fuzz --mutants 100000 --seed 1`."""
