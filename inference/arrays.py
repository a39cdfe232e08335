"""Arrays by what they hold; whoever takes or gives one says its shape where that is another."""

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
"""`uint8 H×W×3` RGB: what networks and pages see of a photo."""
Array = npt.NDArray[np.uint8] | npt.NDArray[np.uint16]
"""Samples in a photo's own depth and channels: H×W grey, or H×W×C with 2 grey+alpha, 3 RGB, 4 RGBA."""
Mask = npt.NDArray[np.bool_]
"""`bool H×W`, true = defect, or hole."""
Probability = npt.NDArray[np.float32]
"""`float32 H×W` in [0, 1]: how likely each pixel is a defect."""
Field = npt.NDArray[np.float32]
"""`float32` of any shape: luma, chroma, noise."""
