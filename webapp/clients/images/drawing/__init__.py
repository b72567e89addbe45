"""Draws a picture for a prompt, offline: `picture.py` chooses a scene and colours by its words, the
scenes draw, `fields.py` has what they draw with.

The same prompt and seed give the same pixels on every machine. So chance comes from hashes, and
numbers have 64 bits: where processors differ in the last of them, rounding to a colour hides it.
"""
