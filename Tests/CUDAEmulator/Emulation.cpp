// What the emulator needs of the kernels' types.
#define CUDA_KERNEL_SOURCE 1
struct OperandA { unsigned r[4]; };
struct OperandB { unsigned r[2]; };
struct Accumulator { float r[4]; };
#include "Emulation.h"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <sys/mman.h>

#include "TensorCore.h"

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define THREAD_SANITIZER 1
#endif
#if __has_feature(address_sanitizer)
#define ADDRESS_SANITIZER 1
#endif
#endif

// The thread sanitizer takes each fiber for a thread, and only barriers for order: it finds the kernels' races. What the
// emulator itself does is hidden from it.
#ifdef THREAD_SANITIZER
extern "C" {
void *__tsan_get_current_fiber();
void *__tsan_create_fiber(unsigned);
void __tsan_switch_to_fiber(void *, unsigned);
void __tsan_acquire(void *);
void __tsan_release(void *);
}
#define QUIET __attribute__((no_sanitize("thread")))
#define ACQUIRE(p) __tsan_acquire(p)
#define RELEASE(p) __tsan_release(p)
#else
#define QUIET
#define ACQUIRE(p) (void)(p)
#define RELEASE(p) (void)(p)
#endif
#ifdef ADDRESS_SANITIZER
extern "C" {
void __sanitizer_start_switch_fiber(void **fake, const void *bottom, size_t size);
void __sanitizer_finish_switch_fiber(void *fake, const void **bottom, size_t *size);
}
#endif

// ---- Switching stacks: saves what a callee must keep, and goes on where `to` stopped.

extern "C" void emulation_switch(void **from, void *to);
#if defined(__x86_64__)
__asm__(
    ".text\n.globl emulation_switch\n.type emulation_switch,@function\nemulation_switch:\n"
    "pushq %rbp\npushq %rbx\npushq %r12\npushq %r13\npushq %r14\npushq %r15\n"
    "movq %rsp, (%rdi)\nmovq %rsi, %rsp\n"
    "popq %r15\npopq %r14\npopq %r13\npopq %r12\npopq %rbx\npopq %rbp\nretq\n"
    ".size emulation_switch,.-emulation_switch\n");
static void *fresh_stack(char *top, void (*entry)()) {
    void **p = (void **)((uintptr_t)top & ~(uintptr_t)15);
    *--p = nullptr;  // keeps the alignment that a function expects when it is entered
    *--p = (void *)entry;
    for (int i = 0; i < 6; i++) *--p = nullptr;
    return p;
}
#elif defined(__aarch64__)
__asm__(
    ".text\n.globl emulation_switch\n.type emulation_switch,@function\nemulation_switch:\n"
    "stp x29, x30, [sp, #-160]!\nstp x19, x20, [sp, #16]\nstp x21, x22, [sp, #32]\nstp x23, x24, [sp, #48]\n"
    "stp x25, x26, [sp, #64]\nstp x27, x28, [sp, #80]\nstp d8, d9, [sp, #96]\nstp d10, d11, [sp, #112]\n"
    "stp d12, d13, [sp, #128]\nstp d14, d15, [sp, #144]\n"
    "mov x9, sp\nstr x9, [x0]\nmov sp, x1\n"
    "ldp x19, x20, [sp, #16]\nldp x21, x22, [sp, #32]\nldp x23, x24, [sp, #48]\nldp x25, x26, [sp, #64]\n"
    "ldp x27, x28, [sp, #80]\nldp d8, d9, [sp, #96]\nldp d10, d11, [sp, #112]\nldp d12, d13, [sp, #128]\n"
    "ldp d14, d15, [sp, #144]\nldp x29, x30, [sp], #160\nret\n"
    ".size emulation_switch,.-emulation_switch\n");
static void *fresh_stack(char *top, void (*entry)()) {
    char *p = (char *)((uintptr_t)top & ~(uintptr_t)15) - 160;
    memset(p, 0, 160);
    ((void **)p)[1] = (void *)entry;
    return p;
}
#endif

namespace emulation {
thread_local Thread *current;
thread_local Index block, blockSize, gridSize;
thread_local Options options;
void (*early_read)(const void *at) = nullptr;

namespace {
constexpr size_t stackBytes = 128 * 1024;
constexpr unsigned maximumThreads = 1024;

/// What a thread of the system runs kernels with.
struct Machine {
    Thread *threads = (Thread *)calloc(maximumThreads, sizeof(Thread));
    Warp *warps = (Warp *)calloc(maximumThreads / 32, sizeof(Warp));
    char *stacks = (char *)mmap(
        nullptr, stackBytes * maximumThreads, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    unsigned made = 0;
    void *outside = nullptr;  // the caller's stack
    void *outsideFiber = nullptr;
    const void *outsideBottom = nullptr;
    size_t outsideSize = 0;
    unsigned count = 0, ended = 0, arrived = 0, generation = 0;
    char barrierTag = 0, launchTag = 0;
    void (*body)(const void *) = nullptr;
    const void *context = nullptr;
    const char *name = "";
    unsigned char *dynamic = nullptr;
    size_t dynamicBytes = 0;
    uint64_t random = 0;

    ~Machine() {
        free(threads);
        free(warps);
        munmap(stacks, stackBytes * maximumThreads);
    }
};
thread_local Machine machine;

QUIET uint64_t draw(uint64_t &state) {
    uint64_t z = (state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    return z ^ (z >> 31);
}

QUIET void go(Thread *to) {
    Machine &m = machine;
    Thread *from = current;
    void **save = from ? &from->stack : &m.outside;
    void *target = to ? to->stack : m.outside;
    current = to;
#ifdef THREAD_SANITIZER
    __tsan_switch_to_fiber(to ? to->sanitizer : m.outsideFiber, 1);
#endif
#ifdef ADDRESS_SANITIZER
    void *fake = nullptr;
    if (to) __sanitizer_start_switch_fiber(&fake, m.stacks + (to - m.threads) * stackBytes, stackBytes);
    else __sanitizer_start_switch_fiber(&fake, m.outsideBottom, m.outsideSize);
#endif
    emulation_switch(save, target);
#ifdef ADDRESS_SANITIZER
    const void *bottom;
    size_t size;
    __sanitizer_finish_switch_fiber(fake, &bottom, &size);
#endif
}

QUIET void deadlock() {
    Machine &m = machine;
    fprintf(stderr, "kernel %s, block (%u, %u, %u): no thread can go on\n", m.name, block.x, block.y, block.z);
    for (unsigned i = 0; i < m.count; i++) {
        const Thread &t = m.threads[i];
        if (i && t.line == m.threads[i - 1].line && t.ended == m.threads[i - 1].ended) continue;
        if (t.ended) fprintf(stderr, "  from thread %u on: ended\n", i);
        else fprintf(stderr, "  from thread %u on: waiting at %s, line %d\n", i, t.what, t.line);
    }
    fail("deadlock");
}

/// Goes on with the next thread that can run; with the caller where all have ended.
QUIET void yield() {
    Machine &m = machine;
    if (m.ended == m.count) return go(nullptr);
    const unsigned self = (unsigned)(current - m.threads);
    unsigned start = self + 1;
    if (options.seed && (draw(m.random) & 15) == 0) start = (unsigned)(draw(m.random) % m.count) & ~31u;
    for (unsigned i = 0; i < m.count; i++) {
        Thread &t = m.threads[(start + i) % m.count];
        if (t.ended || (t.blocked && *t.blocked == t.seen)) continue;
        if (&t != current) go(&t);
        return;
    }
    deadlock();
}

QUIET void leave() {
    Machine &m = machine;
    current->ended = true;
    m.ended++;
    // Those at the barrier no longer wait for this one.
    if (m.arrived && m.arrived == m.count - m.ended) {
        m.arrived = 0;
        m.generation++;
    }
}

QUIET void entry() {
    Machine &m = machine;
#ifdef ADDRESS_SANITIZER
    const void *bottom;
    size_t size;
    __sanitizer_finish_switch_fiber(nullptr, &bottom, &size);
    if (!m.outsideBottom) { m.outsideBottom = bottom; m.outsideSize = size; }
#endif
    for (;;) {
        ACQUIRE(&m.launchTag);
        m.body(m.context);
        RELEASE(&m.launchTag);
        leave();
        yield();
        // The next block begins here, on the same stack.
    }
}

QUIET void wait(const unsigned *generation, unsigned seen, int line, const char *what) {
    Thread &t = *current;
    t.line = line;
    t.what = what;
    t.blocked = generation;
    t.seen = seen;
    do yield(); while (*generation == seen);
    t.blocked = nullptr;
}

uint64_t *slot() { return current->warp->slots[current->warp->generation & 1][current->lane]; }

/// The lanes of a warp meet; the last to come computes all results from all slots.
typedef void (*Together)(Warp &warp, unsigned set, int parameter);
QUIET unsigned meet(const char *kind, Together compute, int parameter, int line, bool orders) {
    Thread &t = *current;
    Warp &w = *t.warp;
    const unsigned generation = w.generation, set = generation & 1;
    if (w.arrived == 0) w.kind[set] = kind;
    else if (w.kind[set] != kind)
        fail("kernel %s, line %d: lanes of a warp meet at %s and at %s", machine.name, line, w.kind[set], kind);
    if (orders) RELEASE(&w);
    w.arrived |= 1u << t.lane;
    if (w.arrived == 0xffffffffu) {
        if (compute) compute(w, set, parameter);
        w.arrived = 0;
        w.generation++;
    } else {
        wait(&w.generation, generation, line, kind);
    }
    if (orders) ACQUIRE(&w);
    return set;
}

QUIET bool is_shared(const void *at, size_t bytes) {
    const unsigned char *p = (const unsigned char *)at;
    return p >= machine.dynamic && p + bytes <= machine.dynamic + machine.dynamicBytes && (uintptr_t)p % 16 == 0;
}
}

void fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    abort();
}

QUIET unsigned char *dynamic_shared() { return machine.dynamic; }

QUIET void launch(
    Index grid, Index size, unsigned dynamicBytes, void (*body)(const void *), const void *context, const char *name
) {
    Machine &m = machine;
    const unsigned count = size.x * size.y * size.z;
    if (count == 0 || count > maximumThreads || count % 32) fail("%s: %u threads in a block", name, count);
    m.count = count;
    m.body = body;
    m.context = context;
    m.name = name;
    m.random = options.seed;
    gridSize = grid;
    blockSize = size;
    // As large as asked for, so that a sanitizer sees what lies beyond.
    m.dynamicBytes = dynamicBytes;
    m.dynamic = (unsigned char *)aligned_alloc(128, (dynamicBytes + 127) / 128 * 128 + 128);
#ifdef THREAD_SANITIZER
    if (!m.outsideFiber) m.outsideFiber = __tsan_get_current_fiber();
#endif
    for (; m.made < count; m.made++) {
        Thread &t = m.threads[m.made];
        t.stack = fresh_stack(m.stacks + (m.made + 1) * stackBytes, entry);
#ifdef THREAD_SANITIZER
        t.sanitizer = __tsan_create_fiber(0);
#endif
    }
    RELEASE(&m.launchTag);
    for (unsigned z = 0; z < grid.z; z++)
        for (unsigned y = 0; y < grid.y; y++)
            for (unsigned x = 0; x < grid.x; x++) {
                block = {x, y, z};
                memset(m.dynamic, 0xff, dynamicBytes);  // not a number
                m.ended = m.arrived = 0;
                for (unsigned w = 0; w * 32 < count; w++) m.warps[w].arrived = 0;
                for (unsigned i = 0; i < count; i++) {
                    Thread &t = m.threads[i];
                    t.index = {i % size.x, i / size.x % size.y, i / (size.x * size.y)};
                    t.lane = i & 31;
                    t.warp = &m.warps[i / 32];
                    t.blocked = nullptr;
                    t.ended = t.hasWaited = false;
                    t.firstCopy = t.endCopy = t.group = 0;
                }
                go(&m.threads[0]);
            }
    ACQUIRE(&m.launchTag);
    free(m.dynamic);
    m.dynamic = nullptr;
}

QUIET void wait_for_previous() { current->hasWaited = true; }

QUIET void note_read(const void *at) {
    if (!current->hasWaited && early_read) early_read(at);
}

QUIET void barrier(int line) {
    Machine &m = machine;
    RELEASE(&m.barrierTag);
    const unsigned generation = m.generation;
    if (++m.arrived == m.count - m.ended) {
        m.arrived = 0;
        m.generation++;
    } else {
        wait(&m.generation, generation, line, "__syncthreads");
    }
    ACQUIRE(&m.barrierTag);
}

QUIET void synchronize_warp(int line) { meet("__syncwarp", nullptr, 0, line, true); }

// ---- Instructions of a warp

QUIET static void exchange(Warp &w, unsigned set, int) {
    for (int i = 0; i < 32; i++) w.results[set][i][0] = w.slots[set][w.slots[set][i][1]][0];
}

QUIET uint64_t shuffle(uint64_t value, unsigned lane, int line) {
    uint64_t *mine = slot();
    mine[0] = value;
    mine[1] = lane;
    const unsigned self = current->lane;
    Warp &w = *current->warp;
    return w.results[meet("shfl", exchange, 0, line, false)][self][0];
}

#if defined(__x86_64__) && !defined(THREAD_SANITIZER) && !defined(ADDRESS_SANITIZER)
#define CLONES __attribute__((target_clones("avx2", "default")))
#else
#define CLONES
#endif

/// Operands by rows of 16 inputs: mantissas, and exponents.
struct Operands { alignas(32) int32_t mantissa[16][16], exponent[16][16]; };

QUIET static void put(Operands &o, int row, int k, unsigned pair) {
    for (int i = 0; i < 2; i++) {
        const tensor_core::Operand x = tensor_core::operand((unsigned short)(pair >> 16 * i));
        o.mantissa[row][k + i] = x.mantissa;
        o.exponent[row][k + i] = x.exponent;
    }
}

CLONES QUIET static void products(const Operands &a, const Operands &b, float c[16][8], int capability) {
    for (int i = 0; i < 16; i++)
        for (int j = 0; j < 8; j++) {
            const int32_t *am = a.mantissa[i], *ae = a.exponent[i], *bm = b.mantissa[j], *be = b.exponent[j];
            if (capability < 8) {
                // Of no kind that is known.
                for (int k = 0; k < 16; k += 4) c[i][j] = tensor_core::sum<4, 23>(am + k, ae + k, bm + k, be + k, c[i][j]);
            } else if (capability < 9) {
                c[i][j] = tensor_core::sum<8, 24>(am, ae, bm, be, c[i][j]);
                c[i][j] = tensor_core::sum<8, 24>(am + 8, ae + 8, bm + 8, be + 8, c[i][j]);
            } else {
                c[i][j] = tensor_core::sum<16, 25>(am, ae, bm, be, c[i][j]);
            }
        }
}

/// The fibers' operands lie in one address space: the last lane to come works on those of all.
QUIET static void multiply_together(Warp &w, unsigned set, int shape) {
    const int outputs = shape >> 8, rows = shape & 255;
    static thread_local Operands a, b[8];
    for (int n = 0; n < rows; n++)
        for (int lane = 0; lane < 32; lane++) {
            const unsigned *u = (const unsigned *)w.slots[set][lane][2] + n * 2;
            put(b[n], lane / 4, lane % 4 * 2, u[0]);
            put(b[n], lane / 4, lane % 4 * 2 + 8, u[1]);
        }
    for (int m = 0; m < outputs; m++) {
        for (int lane = 0; lane < 32; lane++) {
            const unsigned *u = (const unsigned *)w.slots[set][lane][1] + m * 4;
            for (int i = 0; i < 4; i++) put(a, lane / 4 + i % 2 * 8, lane % 4 * 2 + i / 2 * 8, u[i]);
        }
        for (int n = 0; n < rows; n++) {
            float c[16][8];
            for (int lane = 0; lane < 32; lane++) {
                const float *f = (const float *)w.slots[set][lane][0] + (m * rows + n) * 4;
                for (int i = 0; i < 4; i++) c[lane / 4 + i / 2 * 8][lane % 4 * 2 + i % 2] = f[i];
            }
            products(a, b[n], c, options.capability);
            for (int lane = 0; lane < 32; lane++) {
                float *f = (float *)w.slots[set][lane][0] + (m * rows + n) * 4;
                for (int i = 0; i < 4; i++) f[i] = c[lane / 4 + i / 2 * 8][lane % 4 * 2 + i % 2];
            }
        }
    }
}

QUIET void multiply(float *d, const unsigned *a, const unsigned *b, int m, int n, int line) {
    uint64_t *mine = slot();
    mine[0] = (uintptr_t)d, mine[1] = (uintptr_t)a, mine[2] = (uintptr_t)b;
    meet("mma", multiply_together, m << 8 | n, line, false);
}

QUIET static void distribute(Warp &w, unsigned set, int) {
    for (int matrix = 0; matrix < 4; matrix++) {
        // The 8 rows of a matrix are read at once; two of them in the same banks would take turns.
        unsigned banks = 0;
        for (int row = 0; row < 8; row++) banks |= 1u << w.slots[set][matrix * 8 + row][2] / 16 % 8;
        if (banks != 255) fail("kernel %s: bank conflicts", machine.name);
        for (int lane = 0; lane < 32; lane++)
            ((unsigned *)w.results[set][lane])[matrix] = ((const unsigned *)w.slots[set][matrix * 8 + lane / 4])[lane % 4];
    }
}

// Not quiet: the kernel reads shared memory here.
static void read_row(uint64_t *to, const void *row) {
    to[0] = ((const uint64_t *)row)[0];
    to[1] = ((const uint64_t *)row)[1];
}

QUIET void load_matrices(unsigned out[4], const void *row, int line) {
    if (!is_shared(row, 16)) fail("kernel %s, line %d: ldmatrix outside of shared memory", machine.name, line);
    uint64_t read[2];
    read_row(read, row);
    uint64_t *mine = slot();
    memcpy(mine, read, 16);
    mine[2] = (uintptr_t)row;
    const unsigned lane = current->lane;
    Warp &w = *current->warp;
    memcpy(out, w.results[meet("ldmatrix", distribute, 0, line, false)][lane], 16);
}

// ---- Copies that end when they are waited for, not before

static void finish(const Copy &copy) {
    static const uint64_t zeros[2] = {0, 0};
    read_row((uint64_t *)copy.to, copy.present ? copy.from : zeros);
}

QUIET void begin_copy(void *to, const void *from, bool present) {
    Thread &t = *current;
    if (present && (uintptr_t)from % 16) fail("kernel %s: a copy of 16 bytes that are not aligned", machine.name);
    if (!is_shared(to, 16)) fail("kernel %s: a copy beyond shared memory", machine.name);
    if (t.endCopy - t.firstCopy == 256) fail("kernel %s: too many copies under way", machine.name);
    if (present) note_read(from);
    const Copy copy = {to, from, present, t.group};
    if (options.earlyCopies) return finish(copy);
    t.copies[t.endCopy++ % 256] = copy;
}

QUIET void commit_copies() { current->group++; }

QUIET void wait_for_copies(unsigned groups) {
    Thread &t = *current;
    for (; t.firstCopy != t.endCopy; t.firstCopy++) {
        const Copy &copy = t.copies[t.firstCopy % 256];
        if (copy.group + groups >= t.group) break;
        finish(copy);
    }
}
}
