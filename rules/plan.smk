"""`snakemake plan`: what the run needs, before anything is submitted."""


rule plan:
    localrule: True
    params:
        settings=SETTINGS.model_dump_json(),
        granted=json.dumps(GRANTED),
    shell:
        "python -m olympiad_ineq.planner --settings {params.settings:q}"
        " --granted {params.granted:q}"
