"""The student: its base model (run `baseline`), and the base fine-tuned (run `final`)."""


rule base_model:
    output:
        directory("results/train/baseline/model"),
    params:
        settings=as_json(SETTINGS.train.student),
    log:
        "results/logs/base_model.log",
    benchmark:
        "results/benchmarks/base_model.tsv"
    threads: 1
    resources:
        mem_mb=8000,
        runtime=120,
    conda:
        "environment.yaml"
    localrule: True  # it may download, and compute nodes are offline
    shell:
        "{PYTHON} {SCRIPTS}/base_model.py --out {output}"
        " --settings {params.settings:q} 2>&1 | tee {log}"


rule train:
    input:
        examples="results/split/train.parquet",
        base_model="results/train/baseline/model",
    output:
        model=directory("results/train/final/model"),
        curve="results/train/final/loss.json",
        picture="results/train/final/loss.svg",
    params:
        settings=as_json(SETTINGS.train, without=("student",)),
        seed=SETTINGS.seed,
        work="results/journal/train/final",
    log:
        "results/logs/train.log",
    benchmark:
        "results/benchmarks/train.tsv"
    threads: 16
    resources:
        mem_mb=lambda wildcards, attempt: 16000 * attempt,
        runtime=lambda wildcards, attempt: 480 * attempt,
        gpu=1,
    conda:
        "environment.yaml"
    shell:
        "{PYTHON} {SCRIPTS}/train.py --examples {input.examples}"
        " --base-model {input.base_model} --out {output.model} --work {params.work}"
        " --curve {output.curve} --picture {output.picture}"
        " --settings {params.settings:q} --seed {params.seed} 2>&1 | tee {log}"
