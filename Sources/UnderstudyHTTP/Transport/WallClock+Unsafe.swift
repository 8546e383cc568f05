// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The time of day, finer than a second.
//
// Unsafe because `clock_gettime` fills a C structure.

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

public enum WallClock {
    /// Nanoseconds since 1970; 0 if the system has no such clock.
    public static func nanoseconds() -> Int64 {
        var time = timespec()
        guard unsafe clock_gettime(CLOCK_REALTIME, &time) == 0 else { return 0 }
        // Safe: the sum stays below 2^63 until the year 2262.
        return Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}
