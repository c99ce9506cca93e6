#include "build_identity.h"

const char *build_identity_commit(void) { return BUILD_COMMIT; }
