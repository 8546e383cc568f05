// SPDX-License-Identifier: Apache-2.0
//
// The only C++ of the project: three calls into RE2.

#include "cre2.h"

#include <re2/re2.h>

#include <cstring>

namespace {

constexpr int64_t kMaxProgramBytes = 8 << 20;

const re2::RE2 *unwrap(const cre2_pattern *pattern) { return reinterpret_cast<const re2::RE2 *>(pattern); }

}  // namespace

extern "C" cre2_pattern *cre2_compile(const char *pattern, size_t length, char *error, size_t error_capacity) {
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(kMaxProgramBytes);
    auto *compiled = new re2::RE2(re2::StringPiece(pattern, length), options);
    if (compiled->ok()) {
        return reinterpret_cast<cre2_pattern *>(compiled);
    }
    if (error_capacity > 0) {
        std::strncpy(error, compiled->error().c_str(), error_capacity - 1);
        error[error_capacity - 1] = '\0';
    }
    delete compiled;
    return nullptr;
}

extern "C" void cre2_free(cre2_pattern *pattern) { delete unwrap(pattern); }

extern "C" bool cre2_full_match(const cre2_pattern *pattern, const char *text, size_t length) {
    return re2::RE2::FullMatch(re2::StringPiece(text, length), *unwrap(pattern));
}
