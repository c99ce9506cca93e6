#define _GNU_SOURCE
#include "CSharedMemory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

int shared_memory_create(const char *name, size_t count, shared_memory *memory) {
    int descriptor = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (descriptor < 0) return errno;
    void *bytes = MAP_FAILED;
    if (fchmod(descriptor, 0600) == 0 && ftruncate(descriptor, (off_t)count) == 0 &&
        fcntl(descriptor, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW) == 0) {
        bytes = mmap(NULL, count, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    }
    if (bytes == MAP_FAILED) {
        int error = errno;
        close(descriptor);
        return error;
    }
    // The mapping above stays writable; an older kernel does without.
    (void)fcntl(descriptor, F_ADD_SEALS, F_SEAL_FUTURE_WRITE | F_SEAL_SEAL);
    (void)madvise(bytes, count, MADV_HUGEPAGE);
    *memory = (shared_memory){.bytes = bytes, .count = count, .descriptor = descriptor};
    return 0;
}

int shared_memory_open(const char *name, int process, int descriptor, size_t count, shared_memory *memory) {
    char path[64], expected[256], target[256];
    snprintf(path, sizeof path, "/proc/%d/fd/%d", process, descriptor);
    // Looked at before it is opened: to open a pipe or a device has consequences.
    snprintf(expected, sizeof expected, "/memfd:%s (deleted)", name);
    ssize_t length = readlink(path, target, sizeof target - 1);
    if (length < 0) return errno;
    target[length] = 0;
    if (strcmp(target, expected) != 0) return EINVAL;

    int opened = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (opened < 0) return errno;
    int seals = fcntl(opened, F_GET_SEALS);
    struct stat status;
    int error = 0;
    void *bytes = MAP_FAILED;
    if (seals < 0 || !(seals & F_SEAL_SHRINK) || fstat(opened, &status) != 0 || !S_ISREG(status.st_mode) ||
        status.st_size < 0 || (size_t)status.st_size != count) {
        error = EINVAL;
    } else {
        bytes = mmap(NULL, count, PROT_READ, MAP_SHARED, opened, 0);
        if (bytes == MAP_FAILED) error = errno;
    }
    close(opened);
    if (error) return error;
    (void)madvise(bytes, count, MADV_HUGEPAGE);
    *memory = (shared_memory){.bytes = bytes, .count = count, .descriptor = -1};
    return 0;
}

void shared_memory_close(shared_memory *memory) {
    if (memory->bytes) munmap(memory->bytes, memory->count);
    if (memory->descriptor >= 0) close(memory->descriptor);
    *memory = (shared_memory){.descriptor = -1};
}

uint64_t shared_word_before(const uint64_t *word) { return __atomic_load_n(word, __ATOMIC_ACQUIRE); }

uint64_t shared_word_after(const uint64_t *word) {
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    return __atomic_load_n(word, __ATOMIC_RELAXED);
}

void shared_word_begin(uint64_t *word, uint64_t value) {
    __atomic_store_n(word, value, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_RELEASE);
}

void shared_word_end(uint64_t *word, uint64_t value) { __atomic_store_n(word, value, __ATOMIC_RELEASE); }
