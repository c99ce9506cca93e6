// Memory that one process writes and others of the same user on the same machine read in place.
//
// It is a memfd: it has no name in any folder, so nothing is left of it when its process is killed, and it is not
// part of /dev/shm, which containers keep small. Others reach it as /proc/PROCESS/fd/DESCRIPTOR, which the kernel
// opens for the same user alone.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    void *bytes;
    size_t count;
    /// -1 in memory that belongs to another process.
    int descriptor;
} shared_memory;

/// Makes `count` bytes of zeros, mapped for reading and writing. Its size can never change, and nobody else can map
/// it for writing. Returns 0 or an error number.
int shared_memory_create(const char *name, size_t count, shared_memory *memory);

/// Maps the memory of that name and size which `process` made, for reading. What it maps cannot shrink under the
/// reader. Returns 0 or an error number; EINVAL where what is there is something else.
int shared_memory_open(const char *name, int process, int descriptor, size_t count, shared_memory *memory);

void shared_memory_close(shared_memory *memory);

// A word beside the shared values says which version of them is there, and is another one while they change
// (a sequence lock with one writer).

/// The word, read before the values are.
uint64_t shared_word_before(const uint64_t *word);
/// The word, read after the values were.
uint64_t shared_word_after(const uint64_t *word);
/// Sets the word before the values are written.
void shared_word_begin(uint64_t *word, uint64_t value);
/// Sets the word when the values are written.
void shared_word_end(uint64_t *word, uint64_t value);

#ifdef __cplusplus
}
#endif
