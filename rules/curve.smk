"""Trainings beside `final`, none of them part of `all`: does more data help, which settings, which
rows? Each goes through the rules of train and eval under a name of its own.

snakemake results/curve/recommendation.json    scale the data up, or stop
snakemake results/curve/sweep.json             other settings, side by side
snakemake results/curve/data.json              other rows, side by side
"""


rule train_part:
    input:
        "results/split/train.parquet",
    output:
        update("results/train/{run}/examples.parquet"),
    log:
        "results/logs/train_part_{run}.log",
    benchmark:
        "results/benchmarks/train_part_{run}.tsv"
    wildcard_constraints:
        run=r"curve_\d+_s\d+|data_\w+",
    conda:
        "environment.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=growing(60),
    params:
        part=lambda wildcards: runs.part_arguments(SETTINGS, wildcards.run),
        code=code("curve/parts.py", "curve/runs.py", "records.py", "artifacts.py"),
    shell:
        "python $SCRIPTS/train_part.py --examples {input} --out {output}"
        " {params.part} 2>&1 | tee {log}"


use rule base_model as own_base_model with:
    output:
        directory("results/train/{run}/base"),
    log:
        "results/logs/base_model_{run}.log",
    benchmark:
        "results/benchmarks/base_model_{run}.tsv"
    wildcard_constraints:
        run=r"sweep_\w+",
    params:
        settings=lambda wildcards: as_json(
            runs.training(SETTINGS, wildcards.run).student
        ),


CURVE_RUNS = runs.names(SETTINGS, "curve")


rule curve:
    input:
        scores=expand("results/eval/{run}.json", run=CURVE_RUNS),
        models=expand("results/train/{run}/model", run=CURVE_RUNS),
        sources=CANDIDATE_SOURCES,
    output:
        recommendation=update("results/curve/recommendation.json"),
        picture=update("results/curve/curve.svg"),
    log:
        "results/logs/curve.log",
    benchmark:
        "results/benchmarks/curve.tsv"
    conda:
        "environment.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=growing(30),
    params:
        sources=lambda wildcards: CANDIDATE_SOURCES_IN_SHELL,
        settings=as_json(SETTINGS.curve),
        confidence=SETTINGS.eval.confidence,
        gpus=(
            SETTINGS.data_gen.teacher.model.tensor_parallel
            if SETTINGS.data_gen.teacher
            else 0
        ),
        code=code("curve", "eval/statistics.py", "artifacts.py"),
    shell:
        "python $SCRIPTS/curve.py --scores {input.scores} --models {input.models}"
        " --sources {params.sources} --source-gpus {params.gpus}"
        " --settings {params.settings:q} --confidence {params.confidence}"
        " --out {output.recommendation} --picture {output.picture} 2>&1 | tee {log}"


rule compare:
    input:
        scores=lambda wildcards: expand(
            "results/eval/{run}.json", run=compared(wildcards)
        ),
        models=lambda wildcards: expand(
            "results/train/{run}/model", run=compared(wildcards)
        ),
    output:
        update("results/curve/{kind}.json"),
    log:
        "results/logs/compare_{kind}.log",
    benchmark:
        "results/benchmarks/compare_{kind}.tsv"
    wildcard_constraints:
        kind="sweep|data",
    conda:
        "environment.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=growing(30),
    params:
        confidence=SETTINGS.eval.confidence,
        code=code("curve", "eval/statistics.py", "artifacts.py"),
    shell:
        "python $SCRIPTS/compare.py --scores {input.scores} --models {input.models}"
        " --confidence {params.confidence} --out {output} 2>&1 | tee {log}"
