"""What a run needs before it costs anything: `olympiad-ineq plan`, and the check before submitting.

    shapes    sizes from a model's config.json        hardware  GPUs as data
    memory    bytes, part by part                     work      tokens, hours, dollars
    stages    one stage against its GPU               advice    changes that make a stage fit
    by_name   trainings beside `final`: curve, sweep, ablation
    plan      all of it, as table and JSON            command   the command line

Only `settings` is imported from the rest: a plan costs milliseconds and needs no torch.
"""

from olympiad_ineq.planner.plan import REFUSED, Plan, make_plan, text

__all__ = ["REFUSED", "Plan", "make_plan", "text"]
