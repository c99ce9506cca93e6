#include "build_identity.h"

#ifndef BUILD_COMMIT
#define BUILD_COMMIT ""
#endif

const char *build_identity_commit(void) { return BUILD_COMMIT; }
