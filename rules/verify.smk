"""A verdict for every candidate: the checker's, and the second model's on what is left open."""


rule verify_check:
    input:
        "results/data_gen/candidates.jsonl",
    output:
        update("results/verify/checked.jsonl"),
    log:
        "results/logs/verify_check.log",
    benchmark:
        "results/benchmarks/verify_check.tsv"
    conda:
        "environment.yaml"
    threads: 8
    resources:
        mem_mb=growing(8000),
        runtime=growing(240),
    params:
        seconds=SETTINGS.verify.seconds,
        memory_mb=SETTINGS.verify.memory_mb,
        code=code("verify.py", "canonical.py", *CHECKER),
    shell:
        "python $SCRIPTS/verify_check.py --candidates {input} --out {output}"
        " --seconds {params.seconds} --memory-mb {params.memory_mb}"
        " --workers {threads} 2>&1 | tee {log}"


VERIFIER_SHARDS = SETTINGS.verify.verifier.shards if SETTINGS.verify.verifier else 0
VOTES = "results/verify/model/{shard}.votes.jsonl"
AUDITS = "results/verify/model/{shard}.audit.jsonl"


rule verify_model:
    input:
        candidates="results/data_gen/candidates.jsonl",
        checked="results/verify/checked.jsonl",
        model=fetched("verify"),
    output:
        votes=update(VOTES),
        audit=update(AUDITS),
    log:
        "results/logs/verify_model/{shard}.log",
    benchmark:
        "results/benchmarks/verify_model/{shard}.tsv"
    conda:
        "environment.yaml"
    threads: 8
    resources:
        mem_mb=growing(16000),
        runtime=growing(720),
        gpu=1,
    params:
        # The floor changes what is believed, not what is asked.
        settings=(
            as_json(SETTINGS.verify.verifier, without=("floor",))
            if SETTINGS.verify.verifier
            else "null"
        ),
        revision=SETTINGS.verify.revision,
        seed=SETTINGS.seed,
        journal="results/journal/verify_model/{shard}.jsonl",
    shell:
        "python $SCRIPTS/verify_model.py --shard {wildcards.shard}"
        " --candidates {input.candidates} --verdicts {input.checked}"
        " --out {output.votes} --audit {output.audit}"
        " --journal {params.journal} --revision {params.revision}"
        " --settings {params.settings:q} --seed {params.seed} 2>&1 | tee {log}"


rule verify_votes:
    input:
        votes=expand(VOTES, shard=range(VERIFIER_SHARDS)),
        audits=expand(AUDITS, shard=range(VERIFIER_SHARDS)),
    output:
        votes=update("results/verify/votes.jsonl"),
        audit=update("results/verify/audit.json"),
    log:
        "results/logs/verify_votes.log",
    benchmark:
        "results/benchmarks/verify_votes.tsv"
    conda:
        "environment.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    params:
        votes=lambda wildcards: in_shell(VOTES, VERIFIER_SHARDS),
        audits=lambda wildcards: in_shell(AUDITS, VERIFIER_SHARDS),
        settings=(
            as_json(SETTINGS.verify.verifier) if SETTINGS.verify.verifier else "null"
        ),
        code=code("verifier.py", "eval/statistics.py", "records.py", "artifacts.py"),
    shell:
        "python $SCRIPTS/verify_votes.py --votes {params.votes} --audits {params.audits}"
        " --out {output.votes} --audit {output.audit}"
        " --settings {params.settings:q} 2>&1 | tee {log}"


rule verify:
    input:
        checked="results/verify/checked.jsonl",
        votes="results/verify/votes.jsonl" if SETTINGS.verify.verifier else [],
        audit="results/verify/audit.json" if SETTINGS.verify.verifier else [],
    output:
        update("results/verify/verdicts.jsonl"),
    log:
        "results/logs/verify.log",
    benchmark:
        "results/benchmarks/verify.tsv"
    conda:
        "environment.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(60),
    params:
        votes=lambda wildcards, input: (
            f"--votes {input.votes} --audit {input.audit}" if input.votes else ""
        ),
        code=code("verify.py", "records.py", "artifacts.py"),
    shell:
        "python $SCRIPTS/verify.py --checked {input.checked} {params.votes}"
        " --out {output} 2>&1 | tee {log}"
