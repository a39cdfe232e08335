"""On the PYTHONPATH while inplace-abn is built: its setup then compiles no CUDA part, whatever torch was built with."""

import torch

torch.has_cuda = False
