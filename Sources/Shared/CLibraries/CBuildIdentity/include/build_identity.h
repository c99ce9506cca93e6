// Which source the programs were built from; Package.swift says it when it is read.
#pragma once

#ifdef __cplusplus
extern "C" {
#endif

/// The commit's hash with "-changed" behind it where the sources were not as committed; "" outside of a checkout and
/// in debug builds.
const char *build_identity_commit(void);

#ifdef __cplusplus
}
#endif
