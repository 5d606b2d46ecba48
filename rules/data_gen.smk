"""Candidates: problems with proposed proofs, from the symbolic source and from the teacher."""


rule data_gen_symbolic:
    output:
        "results/data_gen/symbolic.jsonl",
    params:
        settings=as_json(SETTINGS.data_gen, without=("teacher", "revision")),
        seed=SETTINGS.seed,
        code=code("data_gen", "canonical.py", *CHECKER),
    log:
        "results/logs/data_gen_symbolic.log",
    benchmark:
        "results/benchmarks/data_gen_symbolic.tsv"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    conda:
        "environment.yaml"
    shell:
        "{PYTHON} {SCRIPTS}/data_gen_symbolic.py --out {output}"
        " --settings {params.settings:q} --seed {params.seed} 2>&1 | tee {log}"


rule data_gen_model:
    output:
        rows="results/data_gen/model/{shard}.jsonl",
        rejects="results/data_gen/model/{shard}.rejects.jsonl",
    params:
        settings=as_json(SETTINGS.data_gen, without=("symbolic",)),
        seed=SETTINGS.seed,
        journal="results/journal/data_gen_model/{shard}.jsonl",
    log:
        "results/logs/data_gen_model/{shard}.log",
    benchmark:
        "results/benchmarks/data_gen_model/{shard}.tsv"
    threads: 8
    resources:
        mem_mb=lambda wildcards, attempt: 16000 * attempt,
        runtime=lambda wildcards, attempt: 720 * attempt,
        gpu=1,
    conda:
        "environment.yaml"
    shell:
        "{PYTHON} {SCRIPTS}/data_gen_model.py --shard {wildcards.shard}"
        " --out {output.rows} --rejects {output.rejects} --journal {params.journal}"
        " --settings {params.settings:q} --seed {params.seed} 2>&1 | tee {log}"


def candidate_sources(wildcards):
    teacher = SETTINGS.data_gen.teacher
    shards = range(teacher.shards) if teacher else ()
    symbolic = ["results/data_gen/symbolic.jsonl"] if SETTINGS.data_gen.symbolic else []
    return symbolic + [f"results/data_gen/model/{shard}.jsonl" for shard in shards]


rule data_gen:
    input:
        candidate_sources,
    output:
        "results/data_gen/candidates.jsonl",
    params:
        code=code("data_gen/gather.py", "records.py", "artifacts.py"),
    log:
        "results/logs/data_gen.log",
    benchmark:
        "results/benchmarks/data_gen.tsv"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    conda:
        "environment.yaml"
    shell:
        "{PYTHON} {SCRIPTS}/data_gen.py --out {output} {input} 2>&1 | tee {log}"
