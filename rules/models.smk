"""Teacher, verifier and judge from the hub, fetched where there is network: nodes have none."""

from olympiad_ineq import hub

# Where the config names a model that somebody else trained, by the stage that asks it.
MODEL_SECTIONS = {
    "data_gen": "data_gen.teacher.model",
    "verify": "verify.verifier.model",
    "eval": "eval.judge.model",
}
HUB_MODELS = {
    stage: asked.model
    for stage, asked in {
        "data_gen": SETTINGS.data_gen.teacher,
        "verify": SETTINGS.verify.verifier,
        "eval": SETTINGS.eval.judge,
    }.items()
    if asked and hub.is_hub_id(asked.model)
}


def fetched(stage):
    """What says that a stage's model was fetched: an input of its jobs; none for other models."""
    return (
        [ancient(f"results/models/{stage}.json")] if stage in HUB_MODELS else []
    )  # ancient: looking it up again is no reason to ask it again


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
