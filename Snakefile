"""data_gen → verify → split → baseline eval → train → final eval → report.

snakemake                              everything, on this machine, the embedded default
snakemake results/eval/final.json      one target
snakemake plan                         what the run needs, stage by stage, and whether it fits
snakemake --profile profiles/slurm     the full run, on a cluster
"""

from snakemake.utils import min_version

min_version("9.20")


configfile: f"{workflow.basedir}/config/config.yaml"


include: "rules/common.smk"
include: "rules/models.smk"
include: "rules/data_gen.smk"
include: "rules/verify.smk"
include: "rules/split.smk"
include: "rules/train.smk"
include: "rules/eval.smk"
include: "rules/curve.smk"
include: "rules/report.smk"
include: "rules/plan.smk"


rule all:
    default_target: True
    input:
        "results/eval/baseline.json",
        "results/eval/final.json",
        "results/report/index.html",
        "results/report/data.html",
        "results/split/README.md",
    localrule: True
