"""A detector that teaches another: what is learned beside the masks is how sure it is."""

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

from inference.loading import load_network
from inference.networks.detector import DetectorArchitecture, DetectorNetwork, build_detector


class Teacher(nn.Module):
    """A frozen detector of any architecture, in evaluation mode whatever happens around it."""

    def __init__(self, network: DetectorNetwork) -> None:
        super().__init__()
        self.network = network.requires_grad_(False).to(memory_format=torch.channels_last)
        self.eval()

    @classmethod
    def load(cls, path: Path) -> "Teacher":
        """The detector of a checkpoint. Raises CheckpointError naming the file and the remedy."""
        network, _, _ = load_network(
            "detector",
            path,
            None,
            build=lambda described: build_detector(DetectorArchitecture.from_dict(described)),
            read=lambda _settings: None,
        )
        return cls(network)

    def train(self, mode: bool = True) -> "Teacher":
        """Stays in evaluation mode."""
        return super().train(False)

    @torch.no_grad()
    def forward(self, photos: torch.Tensor) -> torch.Tensor:
        """Its probabilities `float32 N×1×H×W` for photos `N×3×H×W` in [0, 1]."""
        logits: torch.Tensor = self.network(photos)
        return torch.sigmoid(logits.float())


def teacher_loss(logits: torch.Tensor, probability: torch.Tensor) -> torch.Tensor:
    """Cross-entropy of logits `N×1×H×W` with a teacher's probabilities (Hinton et al. 2015, arXiv 1503.02531, section
    2, at a temperature of 1)."""
    return F.binary_cross_entropy_with_logits(logits.float(), probability)
