// SPDX-License-Identifier: Apache-2.0
//
// RE2 behind a C interface: regular expressions whose matching time is linear in the text, as Envoy promises.

#pragma once
#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cre2_pattern cre2_pattern;

/// Compiles `pattern`. On failure returns NULL and leaves a NUL-terminated reason in `error`.
cre2_pattern *_Nullable cre2_compile(const char *_Nullable pattern, size_t length, char *_Nullable error,
                                     size_t error_capacity);

void cre2_free(cre2_pattern *_Nonnull pattern);

/// Whether the whole of `text` matches. Thread-safe.
bool cre2_full_match(const cre2_pattern *_Nonnull pattern, const char *_Nullable text, size_t length);

/// Whether some part of `text` matches. Thread-safe.
bool cre2_partial_match(const cre2_pattern *_Nonnull pattern, const char *_Nullable text, size_t length);

/// Replaces every match in `text` by `rewrite`, in which `\0` to `\9` stand for the match and its groups. Thread-safe.
///
/// Returns the length of the result and writes its first `capacity` bytes to `out`, or returns SIZE_MAX if the result
/// is longer than `limit`. A rewrite that names a group which does not exist leaves the text as it is.
size_t cre2_replace_all(const cre2_pattern *_Nonnull pattern, const char *_Nullable text, size_t length,
                        const char *_Nullable rewrite, size_t rewrite_length, char *_Nullable out, size_t capacity,
                        size_t limit);

/// Whether `rewrite` names existing groups only and escapes nothing else. If not, leaves a NUL-terminated reason in
/// `error`.
bool cre2_check_rewrite(const cre2_pattern *_Nonnull pattern, const char *_Nullable rewrite, size_t rewrite_length,
                        char *_Nullable error, size_t error_capacity);

#ifdef __cplusplus
}
#endif
