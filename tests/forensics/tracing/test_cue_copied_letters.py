"""Copied letters: letters that share their noise are found, letters that only look alike are not."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image
from tracing_scenes import Pixels, jpeg, letter, noisy, overlap, page, photograph, saved

from tiltyard.forensics.tracing.copied_letters import copied_runs, single_copies, trace_copied_letters
from tiltyard.forensics.tracing.cue import SPEAKS, Subject, subject_in
from tiltyard.forensics.tracing.letter_pairs import pairs_of
from tiltyard.forensics.tracing.letter_runs import Run
from tiltyard.forensics.tracing.letters import letters_of

FROM, TO = (155, 205), (440, 266)
"""Rows and columns at which a piece of a line stands, and its copy."""
SLANT = np.array([[0.9998, 0.0175, 0.0], [-0.0175, 0.9998, 9.0]])
"""A degree: letters come to lie at every part of a pixel, as on any scan."""


def scan(seed: int) -> Pixels:
    """A letter laid down aslant, with a sensor's noise."""
    flat = letter(seed, noise=0)
    aslant = cv2.warpAffine(flat, SLANT, flat.shape[1::-1], flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return noisy(aslant.astype(np.float32), np.random.default_rng(seed), 3.0)


def with_copy(sheet: Pixels, *, height: int = 24, width: int = 156) -> tuple[Pixels, np.ndarray, np.ndarray]:
    """The sheet with a piece of it laid down again elsewhere; masks of its two places."""
    forged, source, target = sheet.copy(), np.zeros(sheet.shape[:2], bool), np.zeros(sheet.shape[:2], bool)
    source[FROM[0] : FROM[0] + height, FROM[1] : FROM[1] + width] = True
    target[TO[0] : TO[0] + height, TO[1] : TO[1] + width] = True
    forged[target] = sheet[source]
    return forged, source, target


def as_file(pixels: Pixels, quality: int) -> Subject:
    return subject_in(jpeg(pixels, quality), "sheet.jpg")


@pytest.mark.parametrize("quality", [None, 85])
def test_a_copied_line_is_found_and_both_places_are_marked(quality: int | None) -> None:
    honest = scan(3)
    forged, source, target = with_copy(honest)
    before, after = (Subject(one) if quality is None else as_file(one, quality) for one in (honest, forged))
    nothing, trace = trace_copied_letters(before), trace_copied_letters(after)
    assert nothing.applicable
    assert not nothing.map.any()
    assert overlap(trace.map >= SPEAKS, source | target) > 0.6, trace.sentence
    assert "cannot be told" in trace.sentence


def test_where_the_page_was_saved_before_the_copy_alone_is_marked() -> None:
    forged, source, target = with_copy(saved(scan(3), 75))
    trace = trace_copied_letters(as_file(forged, 92))
    assert overlap(trace.map >= SPEAKS, target) > 0.6, trace.sentence
    assert not trace.map[source].any()


@pytest.mark.parametrize(
    ("noise", "guilloche", "quality"),
    [(0.0, False, None), (0.0, True, 85), (0.0, False, 90), (1.0, True, 95), (2.5, True, None), (2.5, False, 80)],
)
def test_a_page_that_a_program_drew_cannot_be_judged(noise: float, guilloche: bool, quality: int | None) -> None:
    sheet = page(4, noise=noise, guilloche=guilloche)
    trace = trace_copied_letters(Subject(sheet) if quality is None else as_file(sheet, quality))
    assert not trace.applicable, trace.sentence
    assert not trace.map.any()


def test_a_photograph_is_not_flagged() -> None:
    assert not trace_copied_letters(Subject(photograph(5))).map.any()
    assert not trace_copied_letters(as_file(photograph(6), 85)).map.any()


@pytest.mark.parametrize("shape", [(8, 8), (63, 400), (64, 64), (200, 300)])
def test_small_and_blank_pictures_have_nothing_to_compare(shape: tuple[int, int]) -> None:
    trace = trace_copied_letters(Subject(np.full((*shape, 3), 255, np.uint8)))
    assert trace.map.shape == shape
    assert not trace.applicable
    assert not trace.map.any()


def test_a_picture_that_was_turned_upright_keeps_its_own_grid_and_size() -> None:
    forged, source, target = with_copy(scan(3)[:, :557])
    buffer, exif = io.BytesIO(), Image.Exif()
    exif[274] = 6
    Image.fromarray(np.ascontiguousarray(np.rot90(forged))).save(buffer, "JPEG", quality=90, exif=exif)
    subject = subject_in(buffer.getvalue(), "turned.jpg")
    assert subject.grid != (0, 0)
    assert overlap(trace_copied_letters(subject).map >= SPEAKS, source | target) > 0.5


def test_letters_keep_their_places_and_their_doubles_lie_at_the_shift_of_the_copy() -> None:
    forged, source, _ = with_copy(scan(3))
    letters, _ = letters_of(cv2.cvtColor(forged, cv2.COLOR_RGB2GRAY).astype(np.float32))
    pairs = pairs_of(letters)
    same = pairs.difference < 0.01
    assert same.sum() > 10
    assert (pairs.shift[same] == (TO[1] - FROM[1], TO[0] - FROM[0])).all()
    columns, rows = letters.middles[pairs.first[same]].T
    assert source[rows, columns].all()


def run(letters: int, excess: float, shift: tuple[int, int]) -> Run:
    members = np.arange(letters)
    return Run(members, members + letters, shift, excess, excess, 100.0 * letters, 50.0, 1.0)


def test_a_run_counts_only_where_it_stands_out_of_the_page() -> None:
    usual = [run(1, 1.0, (3 * place, 7)) for place in range(20)]
    copied = run(5, 0.0, (11, 90))
    assert [one for one, _ in copied_runs([*usual, copied])] == [copied]
    assert not copied_runs([*usual, run(5, 0.8, (11, 90))])
    assert not copied_runs([*usual, run(5, 0.0, (11, 0))])
    assert not copied_runs([run(1, 0.05, (3 * place, 7)) for place in range(20)] + [copied])


def test_a_page_whose_words_repeat_at_many_shifts_says_nothing() -> None:
    assert not copied_runs([run(4, 0.0, (11 + place, 90)) for place in range(4)])
    assert not copied_runs([run(4, 0.2, (11, 90)), *(run(4, 0.4, (12 + place, 90)) for place in range(3))])


def test_a_single_letter_counts_where_all_others_differ_far_more() -> None:
    copied, usual = run(1, 0.0, (40, 21)), [run(1, 1.0 + 0.1 * place, (17 + place, 21)) for place in range(4)]
    assert [one for one, _ in single_copies([*usual, copied])] == [copied]
    assert not single_copies([*usual, run(1, 0.3, (40, 21))])
    assert not single_copies([*usual, run(1, 0.3, (41, 21)), copied])
    assert not single_copies([*usual, *(run(1, 0.01, (90 + place, 21)) for place in range(4))])


def test_threads_do_not_change_the_answer() -> None:
    subject, before = Subject(with_copy(scan(3))[0]), cv2.getNumThreads()
    answers = []
    try:
        for threads in (1, 4):
            cv2.setNumThreads(threads)
            answers.append(trace_copied_letters(subject))
    finally:
        cv2.setNumThreads(before)
    assert answers[0].sentence == answers[1].sentence
    assert np.array_equal(answers[0].map, answers[1].map)
