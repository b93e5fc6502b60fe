"""A starter attack for the white-box contest: projected gradient descent on the margin.

The rules: `model.logits(xs)` answers images and carries a gradient; each model answers a total budget of forward and
backward passes, 200 and 100 an image on average in the contest. A gradient of n images costs n of each. One pass too
many, and the whole entry scores 0. What you return is clipped into the eps ball and the range, then judged.
"""

import numpy as np
import torch

STEPS = 40


class Attacker:
    """`model` has x_min, x_max, x_shape, num_classes, forwards_per_image, gradients_per_image; `session` is None."""

    def __init__(self, model, batch_size, dataset, session):
        self.model = model

    def config(self, **kwargs):
        self.eps = kwargs["magnitude"]

    def batch_attack(self, xs, ys, ys_target=None):
        clean, labels = torch.from_numpy(xs), torch.from_numpy(ys)
        low = (clean - self.eps).clamp_min(self.model.x_min)
        high = (clean + self.eps).clamp_max(self.model.x_max)
        points = torch.lerp(low, high, torch.rand_like(clean))
        steps = min(STEPS, int(self.model.gradients_per_image))
        for step in range(steps):
            points.requires_grad_()
            logits = self.model.logits(points)
            (gradient,) = torch.autograd.grad(margin(logits, labels).sum(), points)
            size = self.eps * (1 + np.cos(np.pi * step / steps)) / 2
            points = (points.detach() + size * gradient.sign()).clamp(low, high)
        return points.numpy()


def margin(logits, labels):
    """Best wrong logit minus the right one: positive once an image is misclassified."""
    right = logits.gather(1, labels[:, None])[:, 0]
    wrong = logits.scatter(1, labels[:, None], float("-inf")).amax(1)
    return wrong - right
