"""Teacher, verifier and judge from the hub, fetched where there is network: nodes have none."""


rule fetch_model:
    output:
        "results/models/{role}.json",
    log:
        "results/logs/fetch_model_{role}.log",
    localrule: True
    conda:
        "environment.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=720,
    params:
        # what else the config says of a model changes how it is asked, not what it is
        model=lambda wildcards: HUB_MODELS[wildcards.role].model_dump_json(
            include={"name", "family", "revision"}
        ),
        where=lambda wildcards: MODEL_SECTIONS[wildcards.role],
    shell:
        "python $SCRIPTS/fetch_model.py --out {output} --where {params.where}"
        " --model {params.model:q} 2>&1 | tee {log}"
