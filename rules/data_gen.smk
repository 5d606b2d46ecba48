"""Candidates: problems with proposed proofs, from the symbolic source and from the teacher."""


rule data_gen_symbolic:
    output:
        update("results/data_gen/symbolic.jsonl"),
    log:
        "results/logs/data_gen_symbolic.log",
    benchmark:
        "results/benchmarks/data_gen_symbolic.tsv"
    conda:
        "environment.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(60),
    params:
        settings=as_json(SETTINGS.data_gen, without=("teacher", "revision")),
        seed=SETTINGS.seed,
        code=code("data_gen", "canonical.py", *CHECKER),
    shell:
        "python $SCRIPTS/data_gen_symbolic.py --out {output}"
        " --settings {params.settings:q} --seed {params.seed} 2>&1 | tee {log}"


rule data_gen_model:
    input:
        fetched("data_gen"),
    output:
        rows=update(TEACHER_SHARD),
        rejects=update(REJECTS),
    log:
        "results/logs/data_gen_model/{shard}.log",
    benchmark:
        "results/benchmarks/data_gen_model/{shard}.tsv"
    conda:
        "environment.yaml"
    threads: 8
    resources:
        mem_mb=16000,  # the profile lets them grow: of thousands of jobs they are not computed here
        runtime=720,
        gpu=1,
    params:
        settings=as_json(SETTINGS.data_gen, without=("symbolic",)),
        seed=SETTINGS.seed,
    shell:
        "python $SCRIPTS/data_gen_model.py --shard {wildcards.shard}"
        " --out {output.rows} --rejects {output.rejects}"
        " --journal results/journal/data_gen_model/{wildcards.shard}.jsonl"
        " --settings {params.settings:q} --seed {params.seed} 2>&1 | tee {log}"


rule data_gen:
    input:
        CANDIDATE_SOURCES,
    output:
        rows=update("results/data_gen/candidates.jsonl"),
        summary=update("results/data_gen/summary.json"),
    log:
        "results/logs/data_gen.log",
    benchmark:
        "results/benchmarks/data_gen.tsv"
    conda:
        "environment.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(60),
    params:
        sources=lambda wildcards: CANDIDATE_SOURCES_IN_SHELL,
        code=code("data_gen/gather.py", "records.py", "artifacts.py"),
    shell:
        "python $SCRIPTS/data_gen.py --out {output.rows} --summary {output.summary}"
        " {params.sources} 2>&1 | tee {log}"
