// SPDX-License-Identifier: Apache-2.0
//
// The only C++ of the project: a few calls into RE2.

#include "cre2.h"

#include <re2/re2.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>

namespace {

constexpr int64_t kMaxProgramBytes = 8 << 20;
constexpr int kMaxGroups = 10;

const re2::RE2 *unwrap(const cre2_pattern *pattern) { return reinterpret_cast<const re2::RE2 *>(pattern); }

void explain(const std::string &reason, char *error, size_t error_capacity) {
    if (error_capacity > 0) {
        std::strncpy(error, reason.c_str(), error_capacity - 1);
        error[error_capacity - 1] = '\0';
    }
}

// The length of the character at `p`, so that an empty match never splits one.
size_t step(const char *p, const char *end) {
    size_t length = 1;
    if ((static_cast<unsigned char>(*p) & 0xC0) == 0xC0) {
        while (length < 4 && p + length < end && (static_cast<unsigned char>(p[length]) & 0xC0) == 0x80) {
            length++;
        }
    }
    return length;
}

// As `RE2::GlobalReplace`, but gives up once the result is longer than `limit`.
bool replace_all(const re2::RE2 &pattern, re2::StringPiece text, re2::StringPiece rewrite, size_t limit,
                 std::string *result) {
    re2::StringPiece groups[kMaxGroups];
    const int count = 1 + re2::RE2::MaxSubmatch(rewrite);
    if (count > 1 + pattern.NumberOfCapturingGroups() || count > kMaxGroups) {
        result->assign(text.data(), text.size());
        return result->size() <= limit;
    }
    const char *p = text.data();
    const char *end = p + text.size();
    const char *last_end = nullptr;
    while (p <= end && result->size() <= limit) {
        const size_t start = static_cast<size_t>(p - text.data());
        if (!pattern.Match(text, start, text.size(), re2::RE2::UNANCHORED, groups, count)) {
            break;
        }
        result->append(p, static_cast<size_t>(groups[0].data() - p));
        p = groups[0].data();
        if (p == last_end && groups[0].empty()) {
            const size_t length = p < end ? step(p, end) : 1;
            if (p < end) {
                result->append(p, length);
            }
            p += length;
            continue;
        }
        pattern.Rewrite(result, rewrite, groups, count);
        p = groups[0].data() + groups[0].size();
        last_end = p;
    }
    if (p < end) {
        result->append(p, static_cast<size_t>(end - p));
    }
    return result->size() <= limit;
}

}  // namespace

extern "C" cre2_pattern *cre2_compile(const char *pattern, size_t length, char *error, size_t error_capacity) {
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(kMaxProgramBytes);
    auto *compiled = new re2::RE2(re2::StringPiece(pattern, length), options);
    if (compiled->ok()) {
        return reinterpret_cast<cre2_pattern *>(compiled);
    }
    explain(compiled->error(), error, error_capacity);
    delete compiled;
    return nullptr;
}

extern "C" void cre2_free(cre2_pattern *pattern) { delete unwrap(pattern); }

extern "C" bool cre2_full_match(const cre2_pattern *pattern, const char *text, size_t length) {
    return re2::RE2::FullMatch(re2::StringPiece(text, length), *unwrap(pattern));
}

extern "C" bool cre2_partial_match(const cre2_pattern *pattern, const char *text, size_t length) {
    return re2::RE2::PartialMatch(re2::StringPiece(text, length), *unwrap(pattern));
}

extern "C" size_t cre2_replace_all(const cre2_pattern *pattern, const char *text, size_t length, const char *rewrite,
                                   size_t rewrite_length, char *out, size_t capacity, size_t limit) {
    // RE2 tells an empty match by its address, so even an empty text needs one.
    const re2::StringPiece subject(text == nullptr ? "" : text, length);
    std::string result;
    if (!replace_all(*unwrap(pattern), subject, re2::StringPiece(rewrite, rewrite_length), limit, &result)) {
        return SIZE_MAX;
    }
    if (const size_t copied = std::min(capacity, result.size()); copied > 0) {
        std::memcpy(out, result.data(), copied);
    }
    return result.size();
}

extern "C" bool cre2_check_rewrite(const cre2_pattern *pattern, const char *rewrite, size_t rewrite_length,
                                   char *error, size_t error_capacity) {
    std::string reason;
    if (unwrap(pattern)->CheckRewriteString(re2::StringPiece(rewrite, rewrite_length), &reason)) {
        return true;
    }
    explain(reason, error, error_capacity);
    return false;
}
