"""Annotations and verdicts in, better models out: synthetic defects, losses, recipes, jobs, MLflow."""

from trainer.quiet import stay_quiet

stay_quiet()
