#define _GNU_SOURCE
#include "CMemory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

// Memory comes from mmap from this size on, so that the system can back it with huge pages and takes it back
// when it is freed.
#define MAPPED_BYTES ((size_t)1 << 21)

static size_t round_up(size_t value, size_t step) { return (value + step - 1) / step * step; }

void *memory_allocate(size_t bytes) {
    if (bytes < MAPPED_BYTES) {
        size_t whole = round_up(bytes ? bytes : 1, 64);
        void *memory = aligned_alloc(64, whole);
        return memory ? memset(memory, 0, whole) : NULL;
    }
    // Reserve one huge page more than needed, and give back what lies before and after an aligned start.
    size_t whole = round_up(bytes, MAPPED_BYTES);
    if (whole < bytes || whole + MAPPED_BYTES < whole) return NULL;
    char *mapping = mmap(NULL, whole + MAPPED_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapping == MAP_FAILED) return NULL;
    size_t before = round_up((uintptr_t)mapping, MAPPED_BYTES) - (uintptr_t)mapping;
    if (before) munmap(mapping, before);
    munmap(mapping + before + whole, MAPPED_BYTES - before);
    madvise(mapping + before, whole, MADV_HUGEPAGE);
    return mapping + before;
}

void memory_free(void *memory, size_t bytes) {
    if (!memory) return;
    if (bytes < MAPPED_BYTES) free(memory);
    else munmap(memory, round_up(bytes, MAPPED_BYTES));
}
