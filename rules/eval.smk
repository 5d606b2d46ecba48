"""One harness for both runs: they differ in `results/train/{run}/model` and eval.{run} alone."""


rule predict:
    input:
        test="results/split/test.parquet",
        train="results/split/train.parquet",
        model="results/train/{run}/model",
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
        mem_mb=lambda wildcards, attempt: 12000 * attempt,
        runtime=lambda wildcards, attempt: 240 * attempt,
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


rule judge:
    input:
        test="results/split/test.parquet",
        predictions="results/eval/{run}/predictions.jsonl",
    output:
        update("results/eval/{run}/opinions.jsonl"),
    log:
        "results/logs/judge_{run}.log",
    benchmark:
        "results/benchmarks/judge_{run}.tsv"
    conda:
        "environment.yaml"
    threads: 8
    resources:
        mem_mb=lambda wildcards, attempt: 16000 * attempt,
        runtime=lambda wildcards, attempt: 240 * attempt,
        gpu=1,
    params:
        settings=as_json(SETTINGS.eval.judge) if SETTINGS.eval.judge else "null",
        seed=SETTINGS.seed,
        journal="results/journal/judge/{run}.jsonl",
    shell:
        "python $SCRIPTS/judge.py --test {input.test}"
        " --predictions {input.predictions} --out {output} --journal {params.journal}"
        " --settings {params.settings:q} --seed {params.seed} 2>&1 | tee {log}"


rule score:
    input:
        test="results/split/test.parquet",
        predictions="results/eval/{run}/predictions.jsonl",
        opinions="results/eval/{run}/opinions.jsonl" if SETTINGS.eval.judge else [],
        # tuned models are compared with baseline on the same problems, those of the learning
        # curve with one another
        reference=lambda wildcards: (
            []
            if wildcards.run.startswith(("baseline", "curve_"))
            else "results/eval/baseline/judgements.jsonl"
        ),
    output:
        judgements=update("results/eval/{run}/judgements.jsonl"),
        scores=update("results/eval/{run}.json"),
    log:
        "results/logs/score_{run}.log",
    benchmark:
        "results/benchmarks/score_{run}.tsv"
    conda:
        "environment.yaml"
    threads: 8
    resources:
        mem_mb=8000,
        runtime=60,
    params:
        confidence=SETTINGS.eval.confidence,
        seconds=SETTINGS.verify.seconds,
        memory_mb=SETTINGS.verify.memory_mb,
        optional=lambda wildcards, input: (
            (f" --reference {input.reference}" if input.reference else "")
            + (f" --opinions {input.opinions}" if input.opinions else "")
        ),
        code=code("eval", *CHECKER),
    shell:
        "python $SCRIPTS/score.py --run {wildcards.run} --test {input.test}"
        " --predictions {input.predictions}{params.optional}"
        " --judgements {output.judgements} --out {output.scores}"
        " --confidence {params.confidence} --seconds {params.seconds}"
        " --memory-mb {params.memory_mb} --workers {threads} 2>&1 | tee {log}"
