"""Examples for training and test: deduplicated, families whole, stratified, checked for leaks."""


rule split:
    input:
        candidates="results/data_gen/candidates.jsonl",
        verdicts="results/verify/verdicts.jsonl",
    output:
        update("results/split/assignment.jsonl"),
    log:
        "results/logs/split.log",
    benchmark:
        "results/benchmarks/split.tsv"
    conda:
        "environment.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        settings=as_json(SETTINGS.split),
        seed=SETTINGS.seed,
        code=code("split.py", "records.py", "artifacts.py"),
    shell:
        "python $SCRIPTS/split.py --candidates {input.candidates}"
        " --verdicts {input.verdicts} --out {output}"
        " --settings {params.settings:q} --seed {params.seed} 2>&1 | tee {log}"


# One job a side, so that remaking the test set never touches what training read.
rule split_side:
    input:
        assignment="results/split/assignment.jsonl",
        candidates="results/data_gen/candidates.jsonl",
        verdicts="results/verify/verdicts.jsonl",
    output:
        update("results/split/{side}.parquet"),
    log:
        "results/logs/split_{side}.log",
    benchmark:
        "results/benchmarks/split_{side}.tsv"
    conda:
        "environment.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        code=code("split.py", "prompts.py", "records.py", "artifacts.py"),
    shell:
        "python $SCRIPTS/split_side.py --side {wildcards.side}"
        " --assignment {input.assignment} --candidates {input.candidates}"
        " --verdicts {input.verdicts} --out {output} 2>&1 | tee {log}"
