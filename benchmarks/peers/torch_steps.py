"""Training steps in PyTorch: the Non-Syn VAE's and JointVAE's.

"plain" steps are as authors write them. "tuned" steps have the memory format channels_last and the fused Adam; the
"compiled" ones also have the losses and their gradients compiled by `torch.compile` (Inductor).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from benchmarks.peers.cells import TEMPERATURE, Cell
from benchmarks.peers.torch_networks import networks

VARIANTS = ("plain", "tuned", "tuned, compiled")


def standard_normal(like: Tensor) -> Tensor:
    """Draws from N(0, 1), a tensor of the shape of another."""
    return torch.randn_like(like)


def gumbel(like: Tensor) -> Tensor:
    """Draws standard Gumbel noise -log(e), e ~ Exp(1), a tensor of the shape of another."""
    return -torch.empty_like(like).exponential_().log()


class Step:
    """A training step, called with the images of a step.

    Args:
        cell: what it computes.
        variant: one of `VARIANTS`.
    """

    def __init__(self, cell: Cell, variant: str):
        self.cell = cell
        self.channels_last = variant != "plain" and cell.network == "conv"
        self.encoder, self.decoder = networks(cell, self.channels_last)
        parameters = [*self.encoder.parameters(), *self.decoder.parameters()]
        options = {} if variant == "plain" else {"fused": True}
        self.optimizer = torch.optim.Adam(parameters, lr=cell.learning_rate, **options)
        self.compile = (lambda f: torch.compile(f, dynamic=False)) if variant == VARIANTS[2] else (lambda f: f)

    def images(self, images: np.ndarray) -> Tensor:
        """Returns images [B, H, W, C] as the step takes them, [B, C, H, W] in its memory format."""
        x = torch.from_numpy(images).permute(0, 3, 1, 2)
        return x.contiguous(memory_format=torch.channels_last if self.channels_last else torch.contiguous_format)

    def update(self, loss: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        """Updates all variables that a loss depends on, and returns the loss before that.

        The optimizer skips variables without a gradient: each has moments and a count of its own updates.
        """
        self.optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.cell.bfloat16):
            value = loss(x)
        value.backward()
        self.optimizer.step()
        return value.detach()

    def encode(self, x: Tensor) -> tuple[Tensor, ...]:
        """Returns the means [B, d], the log-variances [B, d] and the logits [B, K] of each discrete latent."""
        d = self.cell.gaussian
        return self.encoder(x).float().split([d, d, *self.cell.categorical], dim=1)

    def reconstruction(self, x: Tensor, code: Tensor) -> Tensor:
        """Returns -log p(x | code) in nats, summed over pixels, the mean over the batch."""
        logits = self.decoder(code).float()
        return F.binary_cross_entropy_with_logits(logits, x, reduction="sum") / len(x)


class NonSynStep(Step):
    """The two updates of the Non-Syn VAE, each on a minibatch of its own."""

    def __init__(self, cell: Cell, variant: str):
        super().__init__(cell, variant)
        self.losses = self.compile(self.negative_elbo), self.compile(self.synergy)

    def __call__(self, x: Tensor) -> Tensor:
        """Runs a step on images [2B, C, H, W]; returns the sum of both losses before their updates."""
        return sum(self.update(loss, part) for loss, part in zip(self.losses, x.chunk(2), strict=True))

    def negative_elbo(self, x: Tensor) -> Tensor:
        """Returns rec + KL_z, the mean over the batch."""
        mu, log_var = self.encode(x)
        z = reparameterised(mu, log_var)
        return self.reconstruction(x, z) + gaussian_kl(mu, log_var).sum(1).mean()

    def synergy(self, x: Tensor) -> Tensor:
        """Returns alpha Imax(W): the mean KL, summed over the worst subset W of the latents."""
        K = gaussian_kl(*self.encode(x)).mean(0)
        W = worst_subset(K.detach(), self.cell.hyperparameters["omega"])
        return self.cell.hyperparameters["alpha"] * (K * W).sum()


class JointVAEStep(Step):
    """The update of JointVAE."""

    def __init__(self, cell: Cell, variant: str):
        super().__init__(cell, variant)
        self.compiled_loss = self.compile(self.loss)
        self.steps = torch.zeros(())

    def __call__(self, x: Tensor) -> Tensor:
        """Runs a step on images [B, C, H, W]; returns the loss before its update."""
        loss = self.update(self.compiled_loss, x)
        self.steps += 1
        return loss

    def loss(self, x: Tensor) -> Tensor:
        """Returns rec + gamma abs(KL_z - C_z) + gamma abs(KL_y - C_y)."""
        h = self.cell.hyperparameters
        mu, log_var, *logits = self.encode(x)
        code = torch.cat([reparameterised(mu, log_var), *map(relaxed, logits)], dim=1)
        kl_z = gaussian_kl(mu, log_var).sum(1).mean()
        kl_y = sum(categorical_kl(block).mean() for block in logits)
        C_z = (h["z_capacity"] * (self.steps / h["z_steps"])).clamp(max=h["z_capacity"])
        C_y = (h["y_capacity"] * (self.steps / h["y_steps"])).clamp(max=h["y_capacity"])
        penalty = (kl_z - C_z).abs() + (kl_y - C_y).abs()
        return self.reconstruction(x, code) + h["gamma"] * penalty


STEPS: dict[str, type[Step]] = {"nonsyn": NonSynStep, "joint_vae": JointVAEStep}


def reparameterised(mu: Tensor, log_var: Tensor) -> Tensor:
    """Draws z = mu + sigma eps, [B, d]."""
    return mu + (0.5 * log_var).exp() * standard_normal(mu)


def relaxed(logits: Tensor) -> Tensor:
    """Draws a Gumbel-softmax sample, [B, K]."""
    return ((logits.log_softmax(1) + gumbel(logits)) / TEMPERATURE).softmax(1)


def gaussian_kl(mu: Tensor, log_var: Tensor) -> Tensor:
    """Computes KL(N(mu, exp(log_var)) || N(0, 1)), [B, d] nats."""
    return 0.5 * (mu.square() + log_var.expm1() - log_var)


def categorical_kl(logits: Tensor) -> Tensor:
    """Computes KL(q(y | x) || uniform), [B] nats."""
    log_q = logits.log_softmax(1)
    return (log_q.exp() * (log_q + np.log(logits.shape[1]))).sum(1)


def worst_subset(K: Tensor, omega: float) -> Tensor:
    """Computes the mask [d] of the latents that the greedy policy leaves out.

    The policy adds latents in descending order of their KLs K [d] while omega (S + K) > S, S the sum of those added;
    it adds the first for any omega if its K > 0.
    """
    K, order = K.sort(descending=True, stable=True)
    with_next = K.cumsum(0)
    without = F.pad(with_next[:-1], (1, 0))
    discount = F.pad(torch.full_like(K[1:], omega), (1, 0), value=1.0)
    added = (discount * with_next > without).to(K.dtype).cumprod(0)
    return torch.empty_like(K).scatter(0, order, 1 - added)
