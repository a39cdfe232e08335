"""Annotations and verdicts in, better models out: synthetic defects, losses, recipes, jobs, MLflow.

- `learning`: how a model of any kind learns, the loop first; `detecting`, `inpainting` and `colouring` are the kinds,
  `configs` their recipes by name, `defects` what is drawn on clean photos.
- `measuring`: figures and curves of each kind; `evaluation` on photos whose answer is known, `comparing` models on the
  same photos.
- `jobs`: what is launched, and what each job does; `workers`: the processes that carry them; `tracking`: MLflow.

What stands here itself is how people and machines come in (`cli`, `defects_cli`, `shell`, `platform`, `promoting`), and
what all parts lean on (`errors`, `locks`, `log`, `quiet`). An import contract keeps them in this order.
"""

from trainer.quiet import stay_quiet

stay_quiet()
