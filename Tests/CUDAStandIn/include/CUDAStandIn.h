#pragma once

/// A library that stands in for libcuda.so.1 and libnvrtc.so.12 and runs kernels on the emulator; see Driver.cpp. It is
/// opened at run time, as they are.
