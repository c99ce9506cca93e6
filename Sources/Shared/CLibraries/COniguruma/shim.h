#pragma once
#include <stddef.h>
#include <oniguruma.h>

// The macros, the global encodings and the variadic error text of Oniguruma cannot be reached from Swift;
// these few lines can. Patterns and texts are UTF-8; the syntax is Ruby's, Oniguruma's own default.

enum {
    oniguruma_message_bytes = ONIG_MAX_ERROR_MESSAGE_LEN,
    oniguruma_mismatch = ONIG_MISMATCH,
};

/// Must run once before any other call. Returns 0 or an error code.
static inline int oniguruma_start(void) {
    OnigEncoding encodings[] = { ONIG_ENCODING_UTF8 };
    int result = onig_initialize(encodings, 1);
    if (result == ONIG_NORMAL) result = onig_set_parse_depth_limit(256);
    return result;
}

/// Compiles a pattern. Returns 0, or an error code with its text in `message` (zero-terminated).
static inline int oniguruma_compile(
    OnigRegex *regex, const OnigUChar *pattern, long length, OnigUChar message[ONIG_MAX_ERROR_MESSAGE_LEN + 1]) {
    OnigErrorInfo info;
    *regex = NULL;
    message[0] = 0;
    int result = onig_new(
        regex, pattern, pattern + length, ONIG_OPTION_NONE, ONIG_ENCODING_UTF8, ONIG_SYNTAX_RUBY, &info);
    if (result != ONIG_NORMAL) {
        int written = onig_error_code_to_str(message, result, &info);
        message[written >= 0 && written <= ONIG_MAX_ERROR_MESSAGE_LEN ? written : 0] = 0;
        *regex = NULL;
    }
    return result;
}

/// The leftmost match at or after `start`. Returns its first byte and sets `end`, or returns a negative code.
///
/// The pre-tokenizers' patterns match nearly everywhere, so the match at `start` itself is tried first: that
/// spares the search's set-up, and a match there is the leftmost by definition.
static inline int oniguruma_find(
    OnigRegex regex, const OnigUChar *text, int length, int start, OnigRegion *region, OnigMatchParam *limits,
    int *end) {
    const OnigUChar *stop = text + length;
    int result = onig_match_with_param(regex, text, stop, text + start, region, ONIG_OPTION_NONE, limits);
    if (result == ONIG_MISMATCH) {
        result = onig_search_with_param(
            regex, text, stop, text + start, stop, region, ONIG_OPTION_NONE, limits);
    }
    if (result < 0) return result;
    *end = region->end[0];
    return region->beg[0];
}
