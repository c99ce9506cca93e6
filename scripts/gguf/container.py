"""A GGUF file: its metadata, and its tensors widened to float32. Of the quantised types, those that are needed."""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy

MAGIC = b"GGUF"
STRING, ARRAY = 8, 9
SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
BLOCK = 32  # weights that share a scale


def widen_f32(data: numpy.ndarray, count: int) -> numpy.ndarray:
    return data[: 4 * count].view("<f4")


def widen_q4_1(data: numpy.ndarray, count: int) -> numpy.ndarray:
    """A block: scale and minimum as float16, then 16 bytes: the low halves are its first 16 weights."""
    blocks = data[: count // BLOCK * 20].reshape(-1, 20)
    scale, minimum = (blocks[:, at : at + 2].copy().view("<f2").astype(numpy.float32) for at in (0, 2))
    halves = numpy.concatenate([blocks[:, 4:] & 0x0F, blocks[:, 4:] >> 4], axis=1)
    return (halves.astype(numpy.float32) * scale + minimum).reshape(-1)


def widen_q8_0(data: numpy.ndarray, count: int) -> numpy.ndarray:
    """A block: its scale as float16, then a byte with a sign for each weight."""
    blocks = data[: count // BLOCK * 34].reshape(-1, 34)
    scale = blocks[:, :2].copy().view("<f2").astype(numpy.float32)
    return (blocks[:, 2:].view(numpy.int8).astype(numpy.float32) * scale).reshape(-1)


WIDENED = {0: widen_f32, 3: widen_q4_1, 8: widen_q8_0}


@dataclass
class Entry:
    """Where a tensor is; `shape` as PyTorch has it, rows first."""

    shape: tuple[int, ...]
    type: int
    offset: int


class Container:
    """Metadata by name in `values`, tensors by name."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self.bytes = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        self.place = 0
        if self.bytes[:4] != MAGIC:
            raise SystemExit(f"error: {path}: no GGUF file")
        self.place = 4
        version = self.scalar("I")
        if version != 3:
            raise SystemExit(f"error: {path}: GGUF version {version}, expected 3")
        tensors, values = self.scalar("Q"), self.scalar("Q")
        self.values = {self.string(): self.value(self.scalar("I")) for _ in range(values)}
        self.entries = dict(self.entry() for _ in range(tensors))
        alignment = self.values.get("general.alignment", BLOCK)
        self.start = (self.place + alignment - 1) // alignment * alignment

    def scalar(self, format: str):
        value = struct.unpack_from("<" + format, self.bytes, self.place)[0]
        self.place += struct.calcsize("<" + format)
        return value

    def string(self) -> str:
        length = self.scalar("Q")
        self.place += length
        return self.bytes[self.place - length : self.place].decode("utf-8")

    def value(self, type: int):
        if type == STRING:
            return self.string()
        if type == ARRAY:
            element, count = self.scalar("I"), self.scalar("Q")
            return [self.value(element) for _ in range(count)]
        return self.scalar(SCALARS[type])

    def entry(self) -> tuple[str, Entry]:
        name = self.string()
        # The fastest index first in the file.
        shape = tuple(reversed([self.scalar("Q") for _ in range(self.scalar("I"))]))
        return name, Entry(shape, self.scalar("I"), self.scalar("Q"))

    def tensor(self, name: str) -> numpy.ndarray:
        entry = self.entries[name]
        if entry.type not in WIDENED:
            raise SystemExit(f"error: {name}: quantised as type {entry.type}; known are {sorted(WIDENED)}")
        data = numpy.frombuffer(self.bytes, dtype=numpy.uint8, offset=self.start + entry.offset)
        return WIDENED[entry.type](data, int(numpy.prod(entry.shape))).reshape(entry.shape)
