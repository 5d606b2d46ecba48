"""One harness for every run: they differ in weights, shots and test set alone.

predict → judge (the checker, and a judging model's opinion where one is named) → score. The graders
are themselves graded on the audit set. Controls complete the 2 x 2 of weights and prompting.
"""

FULL_JUDGE = as_json(SETTINGS.eval.judge) if SETTINGS.eval.judge else "null"
# Answers and audit are judged with one prompt, or neither says anything of the other.
JUDGES_PROMPT = content(
    f"{workflow.basedir}/config/prompts/judge.md",
    f"{workflow.basedir}/config/exemplars",
)
# The floor changes what is believed, not what is asked.
JUDGE = (
    as_json(SETTINGS.eval.judge, without=("floor",)) if SETTINGS.eval.judge else "null"
)


rule test_set:
    input:
        lambda wildcards: (
            []
            if TEST_SETS[wildcards.set][1] == CLASSICS
            else TEST_SETS[wildcards.set][1]
        ),
    output:
        update("results/split/{set}.parquet"),
    log:
        "results/logs/test_set_{set}.log",
    benchmark:
        "results/benchmarks/test_set_{set}.tsv"
    wildcard_constraints:
        set="|".join(TEST_SETS),
    conda:
        "environment.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    params:
        kind=lambda wildcards: TEST_SETS[wildcards.set][0],
        problems=lambda wildcards: content(TEST_SETS[wildcards.set][1]),
        source=lambda wildcards, input: input[0] if input else CLASSICS_IN_SHELL,
        code=code("eval/test_sets.py", "prompts.py", "canonical.py", *CHECKER),
    shell:
        "python $SCRIPTS/test_set.py --kind {params.kind} --problems {params.source} --out {output}"
        " 2>&1 | tee {log}"


rule predict:
    input:
        test=lambda wildcards: settings_module.test_set_of(wildcards.run),
        train="results/split/train.parquet",
        model=lambda wildcards: f"results/train/{settings_module.weights_of(wildcards.run)}/model",
    output:
        update("results/eval/{run}/predictions.jsonl"),
    log:
        "results/logs/predict_{run}.log",
    benchmark:
        "results/benchmarks/predict_{run}.tsv"
    conda:
        "environment.yaml"
    threads: 16
    resources:
        mem_mb=growing(12000),
        runtime=growing(240),
        gpu=1,
    params:
        settings=lambda wildcards: as_json(SETTINGS.eval.predict(wildcards.run)),
        seed=SETTINGS.seed,
        journal="results/journal/predict/{run}.jsonl",
    shell:
        "python $SCRIPTS/predict.py --run {wildcards.run} --test {input.test}"
        " --train {input.train} --model {input.model} --out {output}"
        " --journal {params.journal} --settings {params.settings:q}"
        " --seed {params.seed} 2>&1 | tee {log}"


rule judge_model:
    input:
        test=lambda wildcards: settings_module.test_set_of(wildcards.run),
        predictions="results/eval/{run}/predictions.jsonl",
        model=fetched("eval"),
    output:
        update("results/eval/{run}/opinions.jsonl"),
    log:
        "results/logs/judge_model_{run}.log",
    benchmark:
        "results/benchmarks/judge_model_{run}.tsv"
    conda:
        "environment.yaml"
    threads: 8
    resources:
        mem_mb=growing(16000),
        runtime=growing(240),
        gpu=1,
    params:
        settings=JUDGE,
        prompt=JUDGES_PROMPT,
        seed=SETTINGS.seed,
        journal="results/journal/judge/{run}.jsonl",
    shell:
        "python $SCRIPTS/judge_model.py --test {input.test}"
        " --predictions {input.predictions} --out {output} --journal {params.journal}"
        " --settings {params.settings:q} --seed {params.seed} 2>&1 | tee {log}"


rule judge:
    input:
        test=lambda wildcards: settings_module.test_set_of(wildcards.run),
        predictions="results/eval/{run}/predictions.jsonl",
        opinions="results/eval/{run}/opinions.jsonl" if SETTINGS.eval.judge else [],
    output:
        update("results/eval/{run}/judgements.jsonl"),
    log:
        "results/logs/judge_{run}.log",
    benchmark:
        "results/benchmarks/judge_{run}.tsv"
    conda:
        "environment.yaml"
    threads: 8
    resources:
        mem_mb=growing(8000),
        runtime=growing(60),
    params:
        seconds=SETTINGS.verify.seconds,
        memory_mb=SETTINGS.verify.memory_mb,
        optional=lambda wildcards, input: (
            f" --opinions {input.opinions}" if input.opinions else ""
        ),
        code=code("eval/score.py", *CHECKER),
    shell:
        "python $SCRIPTS/judge.py --test {input.test}"
        " --predictions {input.predictions}{params.optional} --out {output}"
        " --seconds {params.seconds} --memory-mb {params.memory_mb}"
        " --workers {threads} 2>&1 | tee {log}"


rule score:
    input:
        predictions="results/eval/{run}/predictions.jsonl",
        judgements="results/eval/{run}/judgements.jsonl",
        reference=lambda wildcards: (
            f"results/eval/{against}/judgements.jsonl"
            if (against := settings_module.compared_with(wildcards.run))
            else []
        ),
        audit="results/eval/judge_audit.json" if SETTINGS.eval.judge else [],
    output:
        update("results/eval/{run}.json"),
    log:
        "results/logs/score_{run}.log",
    benchmark:
        "results/benchmarks/score_{run}.tsv"
    conda:
        "environment.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=growing(30),
    params:
        confidence=SETTINGS.eval.confidence,
        optional=lambda wildcards, input: (
            (f" --reference {input.reference}" if input.reference else "")
            + (f" --audit {input.audit}" if input.audit else "")
        ),
        code=code("eval", "records.py", "artifacts.py"),
    shell:
        "python $SCRIPTS/score.py --run {wildcards.run} --predictions {input.predictions}"
        " --judgements {input.judgements}{params.optional} --out {output}"
        " --confidence {params.confidence} 2>&1 | tee {log}"


rule audit_set:
    output:
        update("results/eval/judge_audit/items.jsonl"),
    log:
        "results/logs/audit_set.log",
    benchmark:
        "results/benchmarks/audit_set.tsv"
    conda:
        "environment.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    params:
        settings=as_json(SETTINGS.eval.audit),
        shots=SETTINGS.eval.judge.shots if SETTINGS.eval.judge else 0,
        seed=SETTINGS.seed,
        code=code("audit", "data_gen", "canonical.py", *CHECKER),
    shell:
        "python $SCRIPTS/audit_set.py --out {output} --settings {params.settings:q}"
        " --shots {params.shots} --seed {params.seed} 2>&1 | tee {log}"


rule judge_audit_model:
    input:
        audit="results/eval/judge_audit/items.jsonl",
        model=fetched("eval"),
    output:
        update("results/eval/judge_audit/opinions.jsonl"),
    log:
        "results/logs/judge_audit_model.log",
    benchmark:
        "results/benchmarks/judge_audit_model.tsv"
    conda:
        "environment.yaml"
    threads: 8
    resources:
        mem_mb=growing(16000),
        runtime=growing(240),
        gpu=1,
    params:
        settings=JUDGE,
        prompt=JUDGES_PROMPT,
        seed=SETTINGS.seed,
        journal="results/journal/judge/audit.jsonl",
    shell:
        "python $SCRIPTS/judge_model.py --audit {input.audit} --out {output}"
        " --journal {params.journal} --settings {params.settings:q}"
        " --seed {params.seed} 2>&1 | tee {log}"


rule judge_audit:
    input:
        audit="results/eval/judge_audit/items.jsonl",
        opinions=(
            "results/eval/judge_audit/opinions.jsonl" if SETTINGS.eval.judge else []
        ),
    output:
        update("results/eval/judge_audit.json"),
    log:
        "results/logs/judge_audit.log",
    benchmark:
        "results/benchmarks/judge_audit.tsv"
    conda:
        "environment.yaml"
    threads: 8
    resources:
        mem_mb=growing(8000),
        runtime=growing(60),
    params:
        confidence=SETTINGS.eval.confidence,
        seconds=SETTINGS.verify.seconds,
        memory_mb=SETTINGS.verify.memory_mb,
        optional=lambda wildcards, input: (
            f" --opinions {input.opinions} --judge {shlex.quote(FULL_JUDGE)}"
            if input.opinions
            else ""
        ),
        code=code("eval", *CHECKER),
    shell:
        "python $SCRIPTS/judge_audit.py --audit {input.audit}{params.optional} --out {output}"
        " --confidence {params.confidence} --seconds {params.seconds}"
        " --memory-mb {params.memory_mb} --workers {threads} 2>&1 | tee {log}"


rule controls:
    input:
        runs=expand(
            "results/eval/{run}.json",
            run=(*settings_module.MAIN_RUNS, *settings_module.CONTROLS),
        ),
        judgements=expand(
            "results/eval/{run}/judgements.jsonl",
            run=(*settings_module.MAIN_RUNS, *settings_module.CONTROLS),
        ),
    output:
        update("results/eval/controls.json"),
    log:
        "results/logs/controls.log",
    benchmark:
        "results/benchmarks/controls.tsv"
    conda:
        "environment.yaml"
    threads: 1
    resources:
        mem_mb=growing(2000),
        runtime=growing(30),
    params:
        confidence=SETTINGS.eval.confidence,
        code=code("eval", "records.py", "artifacts.py"),
    shell:
        "python $SCRIPTS/controls.py --runs {input.runs} --judgements {input.judgements}"
        " --out {output} --confidence {params.confidence} 2>&1 | tee {log}"
