"""Examples for training and test: deduplicated, families whole, stratified, checked for leaks."""


rule split:
    input:
        candidates="results/data_gen/candidates.jsonl",
        verdicts="results/verify/verdicts.jsonl",
        held_out=[
            *expand("results/split/{set}.parquet", set=SETTINGS.eval.sets),
            *SETTINGS.split.held_out,
        ],
    output:
        rows=update("results/split/assignment.jsonl"),
        dropped=update("results/split/dropped.jsonl"),
    log:
        "results/logs/split.log",
    benchmark:
        "results/benchmarks/split.tsv"
    conda:
        "environment.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=growing(60),
    params:
        settings=as_json(SETTINGS.split),
        seed=SETTINGS.seed,
        # the classics are a test set of every run, so they are in the data of none
        problems=content(CLASSICS, *SETTINGS.split.held_out),
        held_out=lambda wildcards, input: " ".join(
            ["--held-out", CLASSICS_IN_SHELL, *input.held_out]
        ),
        code=code("split.py", "held_out.py", "likeness.py", "canonical.py", *CHECKER),
    shell:
        "python $SCRIPTS/split.py --candidates {input.candidates}"
        " --verdicts {input.verdicts} --out {output.rows} --dropped {output.dropped}"
        " {params.held_out}"
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
        mem_mb=growing(4000),
        runtime=growing(60),
    params:
        code=code("split.py", "prompts.py", "records.py", "artifacts.py"),
    shell:
        "python $SCRIPTS/split_side.py --side {wildcards.side}"
        " --assignment {input.assignment} --candidates {input.candidates}"
        " --verdicts {input.verdicts} --out {output} 2>&1 | tee {log}"


rule data_card:
    input:
        train="results/split/train.parquet",
        test="results/split/test.parquet",
        audit="results/verify/audit.json" if SETTINGS.verify.verifier else [],
    output:
        update("results/split/README.md"),
    log:
        "results/logs/data_card.log",
    conda:
        "environment.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=growing(30),
    params:
        audit=lambda wildcards, input: f"--audit {input.audit}" if input.audit else "",
        code=code("data_card.py", "records.py", "artifacts.py"),
    shell:
        "python $SCRIPTS/data_card.py --train {input.train} --test {input.test}"
        " {params.audit} --out {output} 2>&1 | tee {log}"
