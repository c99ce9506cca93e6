#ifndef CSPAWN_H
#define CSPAWN_H

#include <spawn.h>

/// Has the started process close every descriptor from `first` on: glibc shows it to C alone.
int spawn_close_from(posix_spawn_file_actions_t *actions, int first);

#endif
