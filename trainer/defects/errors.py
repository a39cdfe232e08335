"""Errors of the synthetic defects."""

from trainer.errors import TrainerError


class DefectError(TrainerError):
    """Defects that cannot be drawn or made again as asked."""
