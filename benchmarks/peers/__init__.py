"""Training steps of vaezoo and of PyTorch, timed in turn: `python benchmarks/train_step.py --peers`.

The PyTorch steps have the same networks, latents, objectives and optimizer as vaezoo's, written for PyTorch alone.
Each framework runs in a process of its own.
"""
