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

#ifdef __cplusplus
}
#endif
