"""`snakemake plan`: what the run needs, before anything is submitted."""


rule plan:
    log:
        "results/logs/plan.log",
    retries: 0
    localrule: True
    conda:
        "environment.yaml"
    params:
        settings=SETTINGS.model_dump_json(),
        granted=json.dumps(GRANTED),
    shell:
        "python -m olympiad_ineq.planner --settings {params.settings:q}"
        " --granted {params.granted:q} 2>&1 | tee {log}"
