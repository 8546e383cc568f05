// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Where the machine is, for times that are told by its own clock.
//
// Unsafe because `localtime_r` fills a C structure, whose name of the zone is copied at once.

internal import UnderstudyCore

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

extension LocalZone {
    /// The zone, daylight saving considered, at a point in time.
    ///
    /// Reads no file after the first call.
    init(at seconds: Int) {
        self.init()
        var time = time_t(seconds)
        var fields = unsafe tm()
        guard unsafe localtime_r(&time, &fields) != nil else { return }
        offset = unsafe fields.tm_gmtoff
        guard let text = unsafe fields.tm_zone else { return }
        name = unsafe Array(String(cString: text).utf8)
    }
}
