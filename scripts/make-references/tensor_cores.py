#!/usr/bin/env python3
"""Sums of bfloat16 products as a GPU's tensor cores compute them: Tests/Fixtures/TensorCores/NAME.json.

    tensor_cores.py LIBCUDA LIBNVRTC FILE

It needs a GPU of compute capability 8.0 or later, NVIDIA's driver and NVRTC, and NumPy. One warp multiplies 16 rows of w
with 8 rows of x, 32 inputs, by two mma.sync m16n8k16; of x two rows are kept. Values are given as their 16 bits, sums as
the 32 bits of a float32.
"""
import ctypes
import glob
import json
import os
import sys

import numpy

SOURCE = r"""
typedef unsigned short bf16;
extern "C" __global__ void sums(const bf16 *w, const bf16 *x, float *y) {
    const int lane = threadIdx.x, g = lane / 4, t = lane % 4 * 2;
    float d[4] = {0, 0, 0, 0};
    for (int k = 0; k < 32; k += 16) {
        const unsigned a0 = *(const unsigned *)(w + g * 32 + k + t), a1 = *(const unsigned *)(w + (g + 8) * 32 + k + t);
        const unsigned a2 = *(const unsigned *)(w + g * 32 + k + t + 8), a3 = *(const unsigned *)(w + (g + 8) * 32 + k + t + 8);
        const unsigned b0 = *(const unsigned *)(x + g * 32 + k + t), b1 = *(const unsigned *)(x + g * 32 + k + t + 8);
        asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
            : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]) : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1));
    }
    for (int e = 0; e < 4; e++) y[(t + e % 2) * 16 + g + e / 2 * 8] = d[e];
}
"""


def check(code):
    assert code == 0, code


def main():
    libcuda, libnvrtc, file = sys.argv[1:]
    for builtins in glob.glob(os.path.dirname(libnvrtc) + "/libnvrtc-builtins.so*"):
        ctypes.CDLL(builtins)
    driver, compiler = ctypes.CDLL(libcuda), ctypes.CDLL(libnvrtc)
    pointer, address = ctypes.c_void_p, ctypes.c_uint64
    device, context, module, function = ctypes.c_int(), pointer(), pointer(), pointer()
    check(driver.cuInit(0))
    check(driver.cuDeviceGet(ctypes.byref(device), 0))
    check(driver.cuDevicePrimaryCtxRetain(ctypes.byref(context), device))
    check(driver.cuCtxSetCurrent(context))
    major, minor = ctypes.c_int(), ctypes.c_int()
    check(driver.cuDeviceGetAttribute(ctypes.byref(major), 75, device))
    check(driver.cuDeviceGetAttribute(ctypes.byref(minor), 76, device))
    name = ctypes.create_string_buffer(100)
    check(driver.cuDeviceGetName(name, 100, device))

    program, size = pointer(), ctypes.c_size_t()
    check(compiler.nvrtcCreateProgram(ctypes.byref(program), SOURCE.encode(), b"sums.cu", 0, None, None))
    option = (ctypes.c_char_p * 1)(f"--gpu-architecture=sm_{major.value}{minor.value}".encode())
    check(compiler.nvrtcCompileProgram(program, 1, option))
    check(compiler.nvrtcGetCUBINSize(program, ctypes.byref(size)))
    image = ctypes.create_string_buffer(size.value)
    check(compiler.nvrtcGetCUBIN(program, image))
    check(driver.cuModuleLoadData(ctypes.byref(module), image))
    check(driver.cuModuleGetFunction(ctypes.byref(function), module, b"sums"))

    def memory(values):
        at = address()
        check(driver.cuMemAlloc_v2(ctypes.byref(at), ctypes.c_size_t(values.nbytes)))
        check(driver.cuMemcpyHtoD_v2(at, values.ctypes.data_as(pointer), ctypes.c_size_t(values.nbytes)))
        return at

    def sums(w, x):
        y = numpy.zeros((8, 16), numpy.float32)
        places = [memory(w), memory(x), memory(y)]
        arguments = (pointer * 3)(*[ctypes.cast(ctypes.pointer(place), pointer) for place in places])
        check(driver.cuLaunchKernel(function, 1, 1, 1, 32, 1, 1, 0, None, arguments, None))
        check(driver.cuMemcpyDtoH_v2(y.ctypes.data_as(pointer), places[2], ctypes.c_size_t(y.nbytes)))
        return y.view(numpy.uint32)

    random = numpy.random.default_rng(1)

    def values(rows, low, high, zeros=0.0, only=32):
        bits = random.integers(0, 2, (rows, 32)) << 15 | random.integers(0, 128, (rows, 32))
        bits |= random.integers(low, high, (rows, 32)) << 7
        bits[random.random((rows, 32)) < zeros] &= 0x8000
        bits[:, only:] = 0
        return bits.astype(numpy.uint16)

    cases = []
    for what, setting in [
        ("like activations", dict(low=120, high=130)),
        ("exponents that differ by much", dict(low=100, high=150)),
        ("with zeros and subnormals", dict(low=0, high=180, zeros=0.4)),
        ("two products around the least normal number", dict(low=50, high=68, only=2)),
        ("many products around the least normal number", dict(low=54, high=68)),
    ]:
        w, x = values(16, **setting), values(8, **setting)
        y = sums(w, x)
        cases.append(dict(what=what, w=w.tolist(), x=x[:2].tolist(), sums=y[:2].tolist()))
    version = ctypes.c_int()
    check(driver.cuDriverGetVersion(ctypes.byref(version)))
    made = dict(gpu=name.value.decode(), capability=f"{major.value}.{minor.value}", driver_runs_cuda=version.value / 1000)
    with open(file, "w") as out:
        json.dump(dict(made_by="scripts/make-references/tensor_cores.py", on=made, cases=cases), out, separators=(",", ":"))
        out.write("\n")


main()
