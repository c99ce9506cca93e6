// Stands in for libcuda.so.1: kernels run on the emulator. For tests alone.
//
// It is as unhelpful as the driver may be: nothing that is asynchronous happens before somebody waits for it, streams are
// interleaved at random where nothing orders them, fresh and freed memory is filled with what is not a number, and memory
// that a kernel reads before it waits for the kernel before cannot be written by a kernel from then on.
// Environment: CUDA_VISIBLE_DEVICES by numbers, up to the first that is none; and CUDA_STAND_IN_ ... DEVICES (how many), MEMORY (bytes of each), CAPABILITY (such as 8.6; 10.0 where none is
// named, since 9.0 has instructions of its own that are not emulated), ARITHMETIC (8 or
// 9, where it is not that of the capability), VERSION (of the driver, such as 12040), SEED (of the interleaving),
// EARLY_COPIES, FAIL (name:n:code, the n-th call of a function fails), FAIL_ONCE (a file: it fails in the process that
// makes it alone).
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "HostKernels.h"
#define CUDA_KERNEL_SOURCE 1
struct OperandA { unsigned r[4]; };
struct OperandB { unsigned r[2]; };
struct Accumulator { float r[4]; };
#include "Emulation.h"

typedef int Result;
enum {
    OK = 0, INVALID_VALUE = 1, OUT_OF_MEMORY = 2, NOT_INITIALIZED = 3, NO_DEVICE = 100, INVALID_DEVICE = 101,
    INVALID_IMAGE = 200, INVALID_CONTEXT = 201, NOT_FOUND = 500, LAUNCH_FAILED = 719, OUT_OF_RESOURCES = 701,
    NOT_SUPPORTED = 801, CAPTURING = 900
};
typedef uint64_t Address;

namespace {
struct Function { const HostKernel *kernel; unsigned dynamicLimit = 48 * 1024; };
struct Module { std::string image; std::map<std::string, std::unique_ptr<Function>> functions; };
struct Event { uint64_t recorded = 0, done = 0; double time = 0; };
struct Operation {
    enum { kernel, copy, fill, record } kind;
    Function *function = nullptr;
    emulation::Index grid{}, block{};
    unsigned shared = 0;
    std::vector<char> bytes;  // a kernel's argument, or what is copied from pageable memory
    Address to = 0, from = 0;
    size_t count = 0;
    unsigned char value = 0;
    Event *event = nullptr;
    uint64_t version = 0;
};
struct Graph { std::vector<Operation> operations; };
struct Stream { std::deque<Operation> queue; Graph *capturing = nullptr; };

const char *setting(const char *name) { return getenv((std::string("CUDA_STAND_IN_") + name).c_str()); }
uint64_t number(const char *name, uint64_t otherwise) { return setting(name) ? strtoull(setting(name), nullptr, 10) : otherwise; }

constexpr size_t arenaBytes = (size_t)1 << 40;
struct Driver {
    std::recursive_mutex lock;
    bool initialized = false;
    int capability[2] = {10, 0};
    size_t total = 0, used = 0, arenaUsed = 0;
    uint64_t random = 1;
    char *arena = nullptr;
    std::map<Address, size_t> allocations, pinned, constants;
    std::vector<Stream *> streams;
    std::map<std::string, int> calls;
} driver;
thread_local bool contextCurrent = false;

uint64_t draw() {
    uint64_t z = (driver.random += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    return z ^ (z >> 31);
}

Result failure(const char *name) {
    const char *fail = setting("FAIL");
    if (!fail) return OK;
    char function[64];
    int call = 0, code = OUT_OF_MEMORY;
    if (sscanf(fail, "%63[^:]:%d:%d", function, &call, &code) < 2 || strcmp(function, name)) return OK;
    if (++driver.calls[name] != call) return OK;
    if (const char *file = setting("FAIL_ONCE")) {
        const int made = open(file, O_CREAT | O_EXCL | O_WRONLY, 0600);
        if (made < 0) return OK;
        close(made);
    }
    return code;
}
#define ENTER(name)                                                                                                    \
    std::lock_guard<std::recursive_mutex> guard(driver.lock);                                                          \
    if (!driver.initialized) return NOT_INITIALIZED;                                                                   \
    if (Result failed = failure(name)) return failed
#define ENTER_CONTEXT(name)                                                                                            \
    ENTER(name);                                                                                                       \
    if (!contextCurrent) return INVALID_CONTEXT

bool inside(const std::map<Address, size_t> &ranges, Address at, size_t count) {
    auto next = ranges.upper_bound(at);
    if (next == ranges.begin()) return false;
    --next;
    return at + count <= next->first + next->second;
}
bool is_device(Address at, size_t count) { return inside(driver.allocations, at, count); }
bool is_pinned(const void *at, size_t count) { return inside(driver.pinned, (Address)at, count); }

/// The pages of an allocation, which are its alone.
void protect(Address at, size_t bytes, int protection) {
    const Address base = at & ~(Address)4095, end = (at + bytes + 4095) & ~(Address)4095;
    mprotect((void *)base, end - base, protection);
}

/// A kernel reads there before the one before has ended: that one may not write there.
void note_early_read(const void *at) {
    if (inside(driver.constants, (Address)at, 1)) return;
    auto next = driver.allocations.upper_bound((Address)at);
    if (next == driver.allocations.begin()) emulation::fail("stand-in: an early read of what is no memory of the device");
    --next;
    driver.constants[next->first] = next->second;
    protect(next->first, next->second, PROT_READ);
}

/// The host writes there, or nobody does any more: both are ordered after all kernels before.
void release_constant(Address at) {
    auto next = driver.constants.upper_bound(at);
    if (next == driver.constants.begin() || !inside(driver.constants, at, 1)) return;
    --next;
    protect(next->first, next->second, PROT_READ | PROT_WRITE);
    driver.constants.erase(next);
}

struct sigaction beforeWrites;
void explain_write(int, siginfo_t *information, void *) {
    if (inside(driver.constants, (Address)information->si_addr, 1)) {
        const char text[] = "stand-in: a kernel writes to what a kernel reads before it waits for the one before\n";
        (void)!write(2, text, sizeof text - 1);
    }
    sigaction(SIGSEGV, &beforeWrites, nullptr);  // which the same write comes to now
}

void execute(Operation &operation) {
    switch (operation.kind) {
    case Operation::kernel:
        emulation::options.capability = (int)number("ARITHMETIC", (uint64_t)driver.capability[0]);
        emulation::options.earlyCopies = setting("EARLY_COPIES");
        emulation::options.seed = setting("SEED") ? draw() : 0;
        emulation::launch(
            operation.grid, operation.block, operation.shared, operation.function->kernel->call, operation.bytes.data(),
            operation.function->kernel->name);
        break;
    case Operation::copy:
        release_constant(operation.to);
        memcpy((void *)operation.to, operation.bytes.empty() ? (const void *)operation.from : operation.bytes.data(), operation.count);
        break;
    case Operation::fill: release_constant(operation.to); memset((void *)operation.to, operation.value, operation.count); break;
    case Operation::record:
        operation.event->done = std::max(operation.event->done, operation.version);
        operation.event->time = std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
        break;
    }
}

/// Runs operations, of streams drawn at random, until `done`.
template <typename F> void run(F done) {
    while (!done()) {
        std::vector<Stream *> waiting;
        for (Stream *stream : driver.streams) if (!stream->queue.empty()) waiting.push_back(stream);
        if (waiting.empty()) emulation::fail("stand-in: waiting for what never comes");
        Stream *chosen = waiting[draw() % waiting.size()];
        Operation operation = std::move(chosen->queue.front());
        chosen->queue.pop_front();
        execute(operation);
    }
}

Result enqueue(Stream *stream, Operation &&operation) {
    if (!stream) emulation::fail("stand-in: the default stream is not used here");
    if (stream->capturing) stream->capturing->operations.push_back(std::move(operation));
    else stream->queue.push_back(std::move(operation));
    return OK;
}
}

extern "C" {
#define API __attribute__((visibility("default"))) Result

// How many devices there are to see.
static int deviceCount() {
    const int present = (int)number("DEVICES", 1);
    const char *visible = getenv("CUDA_VISIBLE_DEVICES");
    if (!visible) return present;
    int count = 0;
    for (char *end; ; visible = end + 1) {
        const long ordinal = strtol(visible, &end, 10);
        if (end == visible || ordinal < 0 || ordinal >= present) break;
        count++;
        if (*end != ',') break;
    }
    return count;
}

API cuInit(unsigned) {
    std::lock_guard<std::recursive_mutex> guard(driver.lock);
    if (deviceCount() == 0) return NO_DEVICE;
    if (driver.initialized) return OK;
    driver.total = number("MEMORY", (uint64_t)4 << 30);
    driver.random = number("SEED", 1);
    if (setting("CAPABILITY")) sscanf(setting("CAPABILITY"), "%d.%d", &driver.capability[0], &driver.capability[1]);
    emulation::early_read = note_early_read;
    struct sigaction action{};
    action.sa_sigaction = explain_write;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGSEGV, &action, &beforeWrites);
    driver.initialized = true;
    return failure("cuInit");
}
API cuDriverGetVersion(int *version) { *version = (int)number("VERSION", 13000); return OK; }
API cuDeviceGetCount(int *count) { ENTER("cuDeviceGetCount"); *count = deviceCount(); return OK; }
API cuDeviceGet(int *device, int ordinal) { ENTER("cuDeviceGet"); if (ordinal < 0 || ordinal >= deviceCount()) return INVALID_DEVICE; *device = ordinal; return OK; }
API cuDeviceGetName(char *name, int length, int) { ENTER("cuDeviceGetName"); snprintf(name, (size_t)length, "Emulated GPU"); return OK; }
API cuDeviceTotalMem_v2(size_t *bytes, int) { ENTER("cuDeviceTotalMem_v2"); *bytes = driver.total; return OK; }
API cuDeviceGetAttribute(int *value, int attribute, int) {
    ENTER("cuDeviceGetAttribute");
    switch (attribute) {
    case 16: *value = 4; return OK;            // multiprocessors
    case 75: *value = driver.capability[0]; return OK;
    case 76: *value = driver.capability[1]; return OK;
    case 97: *value = 99 * 1024; return OK;    // shared memory of a block, when asked for
    default: return INVALID_VALUE;
    }
}
API cuDevicePrimaryCtxRetain(void **context, int) { ENTER("cuDevicePrimaryCtxRetain"); *context = &driver; return OK; }
API cuDevicePrimaryCtxRelease_v2(int) { ENTER("cuDevicePrimaryCtxRelease_v2"); return OK; }
API cuCtxSetCurrent(void *context) { ENTER("cuCtxSetCurrent"); if (context != &driver) return INVALID_CONTEXT; contextCurrent = true; return OK; }
API cuMemGetInfo_v2(size_t *free, size_t *total) { ENTER_CONTEXT("cuMemGetInfo_v2"); *free = driver.total - driver.used; *total = driver.total; return OK; }

API cuMemAlloc_v2(Address *address, size_t bytes) {
    ENTER_CONTEXT("cuMemAlloc_v2");
    if (bytes == 0) return INVALID_VALUE;
    if (bytes > driver.total - driver.used) return OUT_OF_MEMORY;
    if (!driver.arena) driver.arena = (char *)mmap(nullptr, arenaBytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    // At the end of its pages, with one behind them that nobody may touch.
    const size_t pages = (bytes + 255 + 4095) & ~(size_t)4095;
    if (driver.arenaUsed + pages + 4096 > arenaBytes) return OUT_OF_MEMORY;
    char *base = driver.arena + driver.arenaUsed;
    driver.arenaUsed += pages + 4096;
    mprotect(base, pages, PROT_READ | PROT_WRITE);
    const Address at = ((Address)base + pages - bytes) & ~(Address)255;
    memset((void *)at, 0xff, bytes);
    driver.used += bytes;
    driver.allocations[at] = bytes;
    *address = at;
    return OK;
}
API cuMemFree_v2(Address address) {
    ENTER_CONTEXT("cuMemFree_v2");
    auto found = driver.allocations.find(address);
    if (found == driver.allocations.end()) return INVALID_VALUE;
    // The driver waits for the device before it frees.
    run([] { return std::all_of(driver.streams.begin(), driver.streams.end(), [](Stream *s) { return s->queue.empty(); }); });
    release_constant(address);
    const Address base = address & ~(Address)4095, end = (address + found->second + 4095) & ~(Address)4095;
    madvise((void *)base, end - base, MADV_DONTNEED);
    protect(address, found->second, PROT_NONE);
    driver.used -= found->second;
    driver.allocations.erase(found);
    return OK;
}
API cuMemHostAlloc(void **memory, size_t bytes, unsigned) {
    ENTER_CONTEXT("cuMemHostAlloc");
    *memory = aligned_alloc(4096, (bytes + 4095) & ~(size_t)4095);
    memset(*memory, 0xff, bytes);
    driver.pinned[(Address)*memory] = bytes;
    return OK;
}
API cuMemFreeHost(void *memory) {
    ENTER_CONTEXT("cuMemFreeHost");
    if (!driver.pinned.erase((Address)memory)) return INVALID_VALUE;
    free(memory);
    return OK;
}

API cuMemcpyHtoDAsync_v2(Address to, const void *from, size_t count, Stream *stream) {
    ENTER_CONTEXT("cuMemcpyHtoDAsync_v2");
    if (!is_device(to, count)) return INVALID_VALUE;
    Operation operation{Operation::copy};
    operation.to = to, operation.from = (Address)from, operation.count = count;
    // Pageable memory is read before the call returns; pinned memory, when the stream comes to it.
    if (!is_pinned(from, count)) operation.bytes.assign((const char *)from, (const char *)from + count);
    return enqueue(stream, std::move(operation));
}
API cuMemcpyDtoHAsync_v2(void *to, Address from, size_t count, Stream *stream) {
    ENTER_CONTEXT("cuMemcpyDtoHAsync_v2");
    if (!is_device(from, count)) return INVALID_VALUE;
    Operation operation{Operation::copy};
    operation.to = (Address)to, operation.from = from, operation.count = count;
    return enqueue(stream, std::move(operation));
}
API cuMemcpyDtoDAsync_v2(Address to, Address from, size_t count, Stream *stream) {
    ENTER_CONTEXT("cuMemcpyDtoDAsync_v2");
    if (!is_device(to, count) || !is_device(from, count)) return INVALID_VALUE;
    Operation operation{Operation::copy};
    operation.to = to, operation.from = from, operation.count = count;
    return enqueue(stream, std::move(operation));
}
API cuMemsetD8Async(Address to, unsigned char value, size_t count, Stream *stream) {
    ENTER_CONTEXT("cuMemsetD8Async");
    if (!is_device(to, count)) return INVALID_VALUE;
    Operation operation{Operation::fill};
    operation.to = to, operation.value = value, operation.count = count;
    return enqueue(stream, std::move(operation));
}

API cuModuleLoadData(Module **module, const void *image) {
    ENTER_CONTEXT("cuModuleLoadData");
    // A CUBIN is an ELF file for machine 190; its length follows from its section headers.
    const unsigned char *e = (const unsigned char *)image;
    if (memcmp(e, "\177ELF", 4) || (e[18] | e[19] << 8) != 190) return INVALID_IMAGE;
    uint64_t sections;
    uint16_t size, count;
    memcpy(&sections, e + 40, 8), memcpy(&size, e + 58, 2), memcpy(&count, e + 60, 2);
    *module = new Module{std::string((const char *)image, sections + (uint64_t)size * count), {}};
    return OK;
}
API cuModuleUnload(Module *module) { ENTER_CONTEXT("cuModuleUnload"); delete module; return OK; }
API cuModuleGetFunction(Function **function, Module *module, const char *name) {
    ENTER_CONTEXT("cuModuleGetFunction");
    if (module->image.find(std::string(".text.") + name) == std::string::npos) return NOT_FOUND;
    const HostKernel *kernel = host_kernel(name);
    if (!kernel) emulation::fail("stand-in: kernel %s is in the image and not among the host's", name);
    auto &slot = module->functions[name];
    if (!slot) slot.reset(new Function{kernel});
    *function = slot.get();
    return OK;
}
API cuFuncSetAttribute(Function *function, int attribute, int value) {
    ENTER_CONTEXT("cuFuncSetAttribute");
    if (attribute != 8 || value < 0 || value > 99 * 1024) return INVALID_VALUE;
    function->dynamicLimit = (unsigned)value;
    return OK;
}
API cuLaunchKernel(
    Function *function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by, unsigned bz, unsigned shared,
    Stream *stream, void **parameters, void **extra
) {
    ENTER_CONTEXT("cuLaunchKernel");
    if (!gx || !gy || !gz || gy > 65535 || gz > 65535 || gx > 0x7fffffffu || !bx || !by || !bz || extra) return INVALID_VALUE;
    if (shared > function->dynamicLimit) return INVALID_VALUE;
    if (bx * by * bz > function->kernel->maximumThreads) return OUT_OF_RESOURCES;
    Operation operation{Operation::kernel};
    operation.function = function;
    operation.grid = {gx, gy, gz}, operation.block = {bx, by, bz}, operation.shared = shared;
    operation.bytes.assign((const char *)parameters[0], (const char *)parameters[0] + function->kernel->argumentBytes);
    return enqueue(stream, std::move(operation));
}

struct Configuration { unsigned grid[3], block[3], shared; Stream *stream; const void *attributes; unsigned count; };
API cuLaunchKernelEx(const Configuration *c, Function *function, void **parameters, void **extra) {
    ENTER_CONTEXT("cuLaunchKernelEx");
    return cuLaunchKernel(
        function, c->grid[0], c->grid[1], c->grid[2], c->block[0], c->block[1], c->block[2], c->shared, c->stream,
        parameters, extra);
}

API cuStreamCreate(Stream **stream, unsigned flags) {
    ENTER_CONTEXT("cuStreamCreate");
    if (flags != 1) emulation::fail("stand-in: a stream that waits for the default stream");
    *stream = new Stream;
    driver.streams.push_back(*stream);
    return OK;
}
API cuStreamSynchronize(Stream *stream) {
    ENTER_CONTEXT("cuStreamSynchronize");
    if (stream->capturing) return CAPTURING;
    run([&] { return stream->queue.empty(); });
    return OK;
}
API cuStreamDestroy_v2(Stream *stream) {
    ENTER_CONTEXT("cuStreamDestroy_v2");
    run([&] { return stream->queue.empty(); });
    driver.streams.erase(std::find(driver.streams.begin(), driver.streams.end(), stream));
    delete stream;
    return OK;
}
API cuEventCreate(Event **event, unsigned) { ENTER_CONTEXT("cuEventCreate"); *event = new Event; return OK; }
API cuEventDestroy_v2(Event *event) { ENTER_CONTEXT("cuEventDestroy_v2"); run([&] { return event->done >= event->recorded; }); delete event; return OK; }
API cuEventRecord(Event *event, Stream *stream) {
    ENTER_CONTEXT("cuEventRecord");
    Operation operation{Operation::record};
    operation.event = event, operation.version = ++event->recorded;
    return enqueue(stream, std::move(operation));
}
API cuEventSynchronize(Event *event) { ENTER_CONTEXT("cuEventSynchronize"); run([&] { return event->done >= event->recorded; }); return OK; }
API cuEventElapsedTime(float *milliseconds, Event *from, Event *to) { ENTER_CONTEXT("cuEventElapsedTime"); *milliseconds = (float)((to->time - from->time) * 1e3); return OK; }

API cuStreamBeginCapture_v2(Stream *stream, int) { ENTER_CONTEXT("cuStreamBeginCapture_v2"); if (stream->capturing) return CAPTURING; stream->capturing = new Graph; return OK; }
API cuStreamEndCapture(Stream *stream, Graph **graph) { ENTER_CONTEXT("cuStreamEndCapture"); if (!stream->capturing) return CAPTURING; *graph = stream->capturing; stream->capturing = nullptr; return OK; }
API cuGraphInstantiateWithFlags(Graph **executable, Graph *graph, uint64_t) { ENTER_CONTEXT("cuGraphInstantiateWithFlags"); *executable = new Graph(*graph); return OK; }
API cuGraphLaunch(Graph *executable, Stream *stream) {
    ENTER_CONTEXT("cuGraphLaunch");
    for (const Operation &operation : executable->operations) {
        Operation copy = operation;
        if (Result result = enqueue(stream, std::move(copy))) return result;
    }
    return OK;
}
API cuGraphDestroy(Graph *graph) { ENTER_CONTEXT("cuGraphDestroy"); delete graph; return OK; }
API cuGraphExecDestroy(Graph *graph) { ENTER_CONTEXT("cuGraphExecDestroy"); delete graph; return OK; }

// NVRTC looks for its cache in the driver; without tables it goes without.
API cuGetExportTable(const void **table, const void *) { *table = nullptr; return NOT_SUPPORTED; }
API cuGetErrorName(Result result, const char **name) {
    switch (result) {
    case INVALID_VALUE: *name = "CUDA_ERROR_INVALID_VALUE"; return OK;
    case OUT_OF_MEMORY: *name = "CUDA_ERROR_OUT_OF_MEMORY"; return OK;
    case NO_DEVICE: *name = "CUDA_ERROR_NO_DEVICE"; return OK;
    case INVALID_CONTEXT: *name = "CUDA_ERROR_INVALID_CONTEXT"; return OK;
    case LAUNCH_FAILED: *name = "CUDA_ERROR_LAUNCH_FAILED"; return OK;
    default: *name = nullptr; return INVALID_VALUE;
    }
}
API cuGetErrorString(Result result, const char **text) { return cuGetErrorName(result, text); }
}
