// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The system calls behind `LogFile` and the identity of threads.
//
// Unsafe because they take a C string or fill one in; the string lives as long as the call.

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

extension LogFile {
    /// A file that is made if it is not there, readable for all; negative with `errno` if that fails.
    static func openForAppending(_ path: String) -> CInt {
        unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    }
}

enum ThreadIdentity {
    /// The number that the system's tools show; that of the process if there is none to be had.
    static var current: UInt64 {
        #if canImport(Darwin)
        var number: UInt64 = 0
        _ = unsafe pthread_threadid_np(nil, &number)
        return number
        #else
        // The C library's own call is not among what Swift can see. The link reads "PROCESS/task/THREAD".
        var text = [UInt8](repeating: 0, count: 64)
        let count = unsafe text.withUnsafeMutableBytes { bytes in
            guard let base = unsafe bytes.bindMemory(to: CChar.self).baseAddress else { return 0 }
            return unsafe readlink("/proc/thread-self", base, bytes.count)
        }
        let digits = text.prefix(max(0, count)).reversed().prefix { $0 != UInt8(ascii: "/") }.reversed()
        return UInt64(String(decoding: digits, as: UTF8.self)) ?? UInt64(max(0, getpid()))
        #endif
    }
}
