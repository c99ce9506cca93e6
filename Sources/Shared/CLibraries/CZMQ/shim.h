#pragma once
#include <stdint.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>
#include <zmq.h>

/* The flags of eventfd are an enumeration, which does not come through as an Int32. */
static inline int czmq_eventfd_create(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }
static inline int czmq_eventfd_signal(int descriptor) { return eventfd_write(descriptor, 1); }
static inline int czmq_eventfd_clear(int descriptor) {
    eventfd_t value;
    return eventfd_read(descriptor, &value);
}

/* prctl is variadic, which Swift does not call. Names the calling thread, with the first 15 bytes. */
static inline int czmq_name_thread(const char *name) { return prctl(PR_SET_NAME, name, 0, 0, 0); }
