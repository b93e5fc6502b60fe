"""k-winners-take-all, an activation without a usable gradient (Xiao et al. 2020, arXiv 1905.10510)."""

from torch import Tensor


def k_winners(x: Tensor, *, share: float = 0.2) -> Tensor:
    """Keeps the largest `share` of each image's values (at least one), the others become 0.

    The output jumps wherever the set of winners changes, so that the gradient says little about nearby points.
    """
    flat = x.detach().flatten(1)
    kept = max(1, round(share * flat.shape[1]))
    least = flat.topk(kept, dim=1, sorted=False).values.amin(1)
    return x * (x >= least.view(-1, *[1] * (x.dim() - 1)))
