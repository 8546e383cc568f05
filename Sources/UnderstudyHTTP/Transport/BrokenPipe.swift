// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The one error number that tells a stale connection from a broken one.

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

enum BrokenPipe {
    static var code: CInt { EPIPE }
}
