"""An attack that asks for more than the rules allow: it fails, and so does its whole entry."""

import torch


class Attacker:
    """Takes gradient steps until it is refused."""

    def __init__(self, model, batch_size, dataset, session):
        self.model = model

    def config(self, **kwargs):
        self.eps = kwargs["magnitude"]

    def batch_attack(self, xs, ys, ys_target=None):
        clean, labels = torch.from_numpy(xs), torch.from_numpy(ys)
        points = clean.clone()
        while True:
            points.requires_grad_()
            loss = torch.nn.functional.cross_entropy(self.model.logits(points), labels, reduction="sum")
            (gradient,) = torch.autograd.grad(loss, points)
            points = points.detach() + self.eps / 10 * gradient.sign()
            points = points.clamp(clean - self.eps, clean + self.eps)
