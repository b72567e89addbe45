"""Pictures that Coffer draws itself."""

from __future__ import annotations

import hashlib
import io
import struct
import zlib

import pytest
from PIL import Image

from webapp.clients.images.contract import ImageError
from webapp.clients.images.drawing.fields import Chance
from webapp.clients.images.drawing.picture import drawn
from webapp.clients.images.drawing.words import asked_for

SCENES = {
    "quiet mountains": "landscape",
    "stormy ocean waves": "sea",
    "a galaxy of stars": "space",
    "a city street at night": "city",
    "abstract liquid motion": "marble",
    "geometric mosaic": "glass",
    "a mandala of roses, a flower": "bloom",
}

FINGERPRINTS = {
    "quiet mountains": "83153db675bd5a89",
    "stormy ocean waves": "d25d3d6612ba8b44",
    "a galaxy of stars": "fa1cee1963fe38f5",
    "a city street at night": "8697f443f1a285db",
    "abstract liquid motion": "309567fb0ca67382",
    "geometric mosaic": "f2ff68e27858aea3",
    "a mandala of roses, a flower": "3619d76a13bcdad2",
}


def fingerprint(prompt, seed=1):
    return hashlib.sha256(drawn(prompt, seed, 96).tobytes()).hexdigest()[:16]


def test_words_choose_the_scene():
    assert {prompt: asked_for(prompt, Chance(prompt)).scene for prompt in SCENES} == SCENES


@pytest.mark.parametrize("prompt", [*SCENES, "", "漢字だけ", "x" * 1000])
def test_every_prompt_has_a_picture_that_is_the_same_each_time(prompt):
    assert fingerprint(prompt) == fingerprint(prompt)
    assert fingerprint(prompt, 2) != fingerprint(prompt)
    lows_and_highs = drawn(prompt, 1, 96).getextrema()
    assert all(high - low > 60 for low, high in lows_and_highs)


def test_the_same_prompt_has_these_pixels_on_every_machine():
    assert {prompt: fingerprint(prompt) for prompt in SCENES} == FINGERPRINTS


def test_children_draw_and_check(pictures):
    first = pictures.draw("a forest lake", 3, side=128)
    assert first == pictures.draw("a forest lake", 3, side=128)
    picture = Image.open(io.BytesIO(pictures.checked(first)))
    assert (picture.size, picture.mode) == ((128, 128), "RGB")


def test_whoever_waits_for_a_processor_may_leave(pictures):
    class Left(Exception):
        pass

    def leave():
        raise Left

    while pictures._processors.acquire(blocking=False):
        pass
    try:
        with pytest.raises(Left):
            pictures.draw("p", 1, on_wait=leave)
    finally:
        for _ in range(pictures._processors._initial_value):
            pictures._processors.release()


def test_nothing_hides_in_a_picture(pictures):
    out = io.BytesIO()
    picture = Image.new("RGBA", (16, 16), (10, 200, 30, 0))  # clear: shown on white
    picture.putpixel((0, 0), (200, 10, 10, 255))
    exif = Image.Exif()
    exif[0x010E] = "a secret description"
    picture.save(out, "png", exif=exif, pnginfo=None)
    assert b"secret" in out.getvalue()
    found = pictures.checked(out.getvalue() + b"<script>")
    assert b"secret" not in found
    assert b"script" not in found
    assert Image.open(io.BytesIO(found)).getpixel((5, 5)) == (255, 255, 255)


def test_a_bomb_is_refused_before_it_is_unpacked(pictures):
    out = io.BytesIO()
    Image.new("1", (1, 1)).save(out, "png")
    head = bytearray(out.getvalue())
    head[16:24] = struct.pack(">II", 60_000, 60_000)
    head[29:33] = struct.pack(">I", zlib.crc32(head[12:29]))
    with pytest.raises(ImageError, match="60000"):
        pictures.checked(bytes(head))
    with pytest.raises(ImageError, match="bytes"):
        pictures.checked(b"\0" * 20_000_001)
