"""The student: its base model (run `baseline`), and the base fine-tuned (run `final`, and the runs
of curve.smk, by the same rule)."""


rule base_model:
    output:
        directory("results/train/baseline/model"),
    log:
        "results/logs/base_model.log",
    benchmark:
        "results/benchmarks/base_model.tsv"
    localrule: True  # it may download, and compute nodes are offline
    conda:
        "environment.yaml"
    threads: 1
    resources:
        mem_mb=8000,
        runtime=120,
    params:
        settings=as_json(SETTINGS.train.student),
    shell:
        "python $SCRIPTS/base_model.py --out {output}"
        " --settings {params.settings:q} 2>&1 | tee {log}"


rule train:
    input:
        examples=lambda wildcards: (
            f"results/train/{wildcards.run}/examples.parquet"
            if runs.part(SETTINGS, wildcards.run)
            else "results/split/train.parquet"
        ),
        base_model=lambda wildcards: (
            f"results/train/{wildcards.run}/base"
            if runs.own_student(SETTINGS, wildcards.run)
            else "results/train/baseline/model"
        ),
    output:
        model=directory("results/train/{run}/model"),
        curve="results/train/{run}/loss.json",
        picture="results/train/{run}/loss.svg",
    log:
        "results/logs/train_{run}.log",
    benchmark:
        "results/benchmarks/train_{run}.tsv"
    wildcard_constraints:
        run=runs.pattern(SETTINGS),
    conda:
        "environment.yaml"
    threads: 16
    resources:
        mem_mb=growing(16000),
        runtime=growing(480),
        gpu=1,
        # here and not a param: how often it saves changes nothing in what it learns
        checkpoint_steps=SETTINGS.train.checkpoint_steps,
        samples=SETTINGS.train.samples,
    params:
        settings=lambda wildcards: as_json(
            runs.training(SETTINGS, wildcards.run),
            without=("checkpoint_steps", "samples", "wandb"),
        ),
        seed=lambda wildcards: runs.seed(SETTINGS, wildcards.run),
        work="results/journal/train/{run}",
    shell:
        "python $SCRIPTS/train.py --examples {input.examples}"
        " --base-model {input.base_model} --out {output.model} --work {params.work}"
        " --curve {output.curve} --picture {output.picture}"
        " --checkpoint-steps {resources.checkpoint_steps} --samples {resources.samples}"
        " --settings {params.settings:q} --seed {params.seed} 2>&1 | tee {log}"
