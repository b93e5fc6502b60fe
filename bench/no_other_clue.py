"""Whether anything but the forgery itself tells forged documents from authentic ones.

The same documents twice, all forged and all authentic: what differs between the two files of a pair is what a forgery
gives away. Beside it, what anybody sees who gets each document once: a logistic regression on the file's properties,
judged by five-fold cross-validation (its AUC is .5 where they say nothing).
"""

import argparse
import io
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from common import save, show
from numpy.typing import NDArray
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tiltyard.forensics.making.recipe import document_recipe
from tiltyard.forensics.making.series import Sample

LONG_SIDE = 500
SEED = 77
FACTS = ("family", "template", "format", "post", "width", "height")
MARGIN = 16
"""Pixels around the mask that a forgery may change through the blocks of a JPEG: one block of subsampled colour."""
Pair = tuple[Sample, Sample]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=400)
    pairs = pairs_of(parser.parse_args().pairs)
    rows = [
        *(row(f"{fact} differs", sum(a.facts[fact] != b.facts[fact] for a, b in pairs), pairs) for fact in FACTS),
        row("quantisation tables differ", sum(tables(a) != tables(b) for a, b in pairs), pairs),
        row("pixels outside the forged region differ", sum(map(differs_elsewhere, pairs)), pairs),
    ]
    show("the same documents, forged and authentic", rows)
    size = roc_auc_score(
        [1] * len(pairs) + [0] * len(pairs), [len(one.image) for side in zip(*pairs, strict=True) for one in side]
    )
    seen_once = auc_of_properties(pairs)
    print(f"AUC of the file's size: {size:.3f}; of all properties together, each document once: {seen_once:.3f}")
    save("no_other_clue", "what tells forged from authentic besides the forgery", rows, auc_of_size=size,
         auc_of_properties=seen_once, long_side=LONG_SIDE)  # fmt: skip


def pairs_of(count: int) -> list[Pair]:
    """Forged and authentic samples of the same indices, where both exist."""
    forged, authentic = (
        document_recipe(seed=SEED, count=count, long_side=LONG_SIDE, authentic=share) for share in (0.0, 1.0)
    )
    made = ((forged.sample(index), authentic.sample(index)) for index in range(count))
    return [(one, other) for one, other in made if one and other]


def row(what: str, number: int, pairs: Sequence[Pair]) -> dict[str, Any]:
    return {"what": what, "pairs": len(pairs), "differ": number}


def tables(sample: Sample) -> Any:
    with Image.open(io.BytesIO(sample.image)) as image:
        return getattr(image, "quantization", None)


def differs_elsewhere(pair: Pair) -> bool:
    """Whether any pixel farther than a block from the forged region differs; False where the sizes do."""
    one, other = (np.asarray(Image.open(io.BytesIO(sample.image)).convert("RGB")) for sample in pair)
    if one.shape != other.shape:
        return False
    mask = np.asarray(Image.open(io.BytesIO(pair[0].mask))) > 0
    return bool((one != other).any(2)[~grown(mask)].any())


def grown(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return cv2.dilate(mask.astype(np.uint8), np.ones((2 * MARGIN + 1, 2 * MARGIN + 1), np.uint8)) > 0


def auc_of_properties(pairs: Sequence[Pair]) -> float:
    """Of half of the documents the forged file, of the others the authentic one."""
    chosen = [pair[index % 2] for index, pair in enumerate(pairs)]
    labels = [1 - index % 2 for index in range(len(pairs))]
    features = np.array([properties(sample) for sample in chosen])
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    guessed = cross_val_predict(model, features, labels, cv=5, method="predict_proba")[:, 1]
    return float(roc_auc_score(labels, guessed))


def properties(sample: Sample) -> list[float]:
    """Format, size, bytes a pixel, coarseness of the tables, blocks on and off the grid, noise."""
    with Image.open(io.BytesIO(sample.image)) as image:
        found: dict[int, list[int]] = getattr(image, "quantization", {})
        grey = np.asarray(image.convert("L"), np.float32)
    height, width = grey.shape
    steps = np.abs(np.diff(grey, axis=1)).mean(0)
    phases = [float(steps[phase::8].mean()) for phase in range(8)]
    noise = float(
        np.median(np.abs(grey[1:-1, 1:-1] * 4 - grey[:-2, 1:-1] - grey[2:, 1:-1] - grey[1:-1, :-2] - grey[1:-1, 2:]))
    )
    table = found.get(0, [])
    return [float(sample.suffix == ".png"), height, width, len(sample.image) / grey.size,
            float(np.mean(table)) if table else 0.0, phases[7], max(phases[:7]), noise]  # fmt: skip


if __name__ == "__main__":
    main()
