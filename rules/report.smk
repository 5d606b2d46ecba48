"""One offline page that a reviewer can read."""

LEARNING_CURVE = "results/curve/recommendation.json"


rule report:
    input:
        baseline="results/eval/baseline.json",
        final="results/eval/final.json",
        baseline_judgements="results/eval/baseline/judgements.jsonl",
        final_judgements="results/eval/final/judgements.jsonl",
        baseline_predictions="results/eval/baseline/predictions.jsonl",
        final_predictions="results/eval/final/predictions.jsonl",
        test="results/split/test.parquet",
        train="results/split/train.parquet",
        verdicts="results/verify/verdicts.jsonl",
        loss="results/train/final/loss.json",
        audit="results/eval/judge_audit.json",
        controls="results/eval/controls.json" if SETTINGS.eval.controls else [],
        classics_baseline=(
            "results/eval/classics_baseline.json" if SETTINGS.eval.classics else []
        ),
        classics_final=(
            "results/eval/classics_final.json" if SETTINGS.eval.classics else []
        ),
    output:
        page=report(
            "results/report/index.html",
            category="Result",
            caption="report.rst",
        ),
    log:
        "results/logs/report.log",
    benchmark:
        "results/benchmarks/report.tsv"
    conda:
        "environment.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=growing(30),
    params:
        settings=as_json(SETTINGS.report),
        optional=lambda wildcards, input: "".join(
            f" --{name.replace('_', '-')} {input[name]}"
            for name in ("controls", "classics_baseline", "classics_final")
            if input[name]
        ),
        # shown where it was made, and no input: a report must not ask for a dozen trainings
        learning=(
            f" --learning {LEARNING_CURVE}" if Path(LEARNING_CURVE).exists() else ""
        ),
        learned=content(LEARNING_CURVE) if Path(LEARNING_CURVE).exists() else "",
        code=code("report", "eval/score.py", *CHECKER),
    shell:
        "python $SCRIPTS/report.py --baseline {input.baseline} --final {input.final}"
        " --baseline-judgements {input.baseline_judgements}"
        " --final-judgements {input.final_judgements}"
        " --baseline-predictions {input.baseline_predictions}"
        " --final-predictions {input.final_predictions}"
        " --test {input.test} --train {input.train} --verdicts {input.verdicts}"
        " --loss {input.loss} --audit {input.audit}{params.optional}{params.learning}"
        " --out {output.page}"
        " --settings {params.settings:q} 2>&1 | tee {log}"


rule data_report:
    input:
        summary="results/data_gen/summary.json",
        candidates="results/data_gen/candidates.jsonl",
        rejects=expand(REJECTS, shard=range(TEACHER_SHARDS)),
        verdicts="results/verify/verdicts.jsonl",
        audit="results/verify/audit.json" if SETTINGS.verify.verifier else [],
        dropped="results/split/dropped.jsonl",
        assignment="results/split/assignment.jsonl",
    output:
        report(
            update("results/report/data.html"),
            category="Data",
            caption="data_report.rst",
        ),
    log:
        "results/logs/data_report.log",
    benchmark:
        "results/benchmarks/data_report.tsv"
    conda:
        "environment.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=growing(30),
    params:
        optional=lambda wildcards, input: (
            (
                f" --rejects {in_shell(REJECTS, TEACHER_SHARDS)}"
                if input.rejects
                else ""
            )
            + (f" --audit {input.audit}" if input.audit else "")
        ),
        code=code("report", "records.py", "artifacts.py"),
    shell:
        "python $SCRIPTS/data_report.py --summary {input.summary}"
        " --candidates {input.candidates} --verdicts {input.verdicts}"
        " --dropped {input.dropped} --assignment {input.assignment}"
        "{params.optional} --out {output} 2>&1 | tee {log}"


# The card that goes with the weights to a hub; `snakemake results/report/model_card.md`.
rule model_card:
    input:
        model="results/train/final/model",
        baseline="results/eval/baseline.json",
        final="results/eval/final.json",
    output:
        update("results/report/model_card.md"),
    log:
        "results/logs/model_card.log",
    benchmark:
        "results/benchmarks/model_card.tsv"
    conda:
        "environment.yaml"
    threads: 1
    resources:
        mem_mb=growing(4000),
        runtime=growing(10),
    params:
        code=code("report", "train/card.py", "artifacts.py"),
    shell:
        "python $SCRIPTS/model_card.py --model {input.model}"
        " --baseline {input.baseline} --final {input.final} --out {output} 2>&1 | tee {log}"
