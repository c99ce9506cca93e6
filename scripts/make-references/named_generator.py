"""The product's named random streams, written down a second time: what `random` and `matched` draw their noise
from.

A stream is xoshiro256** (Blackman & Vigna, 2018). Its state is filled by SplitMix64 from the FNV-1a hash of
`purpose`, a zero byte and `key`, and from the seed.
"""

from __future__ import annotations

import math

MASK = (1 << 64) - 1


def _split_mix(counter: int) -> tuple[int, int]:
    """The counter after the draw, and the draw."""
    counter = (counter + 0x9E3779B97F4A7C15) & MASK
    z = counter
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return counter, z ^ (z >> 31)


def _rotated(x: int, k: int) -> int:
    return ((x << k) | (x >> (64 - k))) & MASK


class NamedGenerator:
    def __init__(self, seed: int, purpose: str, key: str) -> None:
        name = 0xCBF29CE484222325
        for byte in purpose.encode() + b"\0" + key.encode():
            name = ((name ^ byte) * 0x100000001B3) & MASK
        counter = ((seed ^ name) + _split_mix(seed)[1]) & MASK
        self.state = []
        for _ in range(4):
            counter, drawn = _split_mix(counter)
            self.state.append(drawn)
        self.spare: float | None = None

    def next(self) -> int:
        s = self.state
        result = (_rotated((s[1] * 5) & MASK, 7) * 9) & MASK
        shifted = (s[1] << 17) & MASK
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= shifted
        s[3] = _rotated(s[3], 45)
        return result

    def uniform(self) -> float:
        """In [0, 1), 53 bits."""
        return (self.next() >> 11) * 2.0**-53

    def index(self, bound: int) -> int:
        """Among 0 ... bound - 1, by Lemire's rejection."""
        threshold = (1 << 64) % bound
        while True:
            product = self.next() * bound
            if product & MASK >= threshold:
                return product >> 64

    def normal(self) -> float:
        """Standard normal, by Box and Muller."""
        if self.spare is not None:
            spare, self.spare = self.spare, None
            return spare
        radius = math.sqrt(-2 * math.log(1 - self.uniform()))
        angle = 2 * math.pi * self.uniform()
        self.spare = radius * math.sin(angle)
        return radius * math.cos(angle)
