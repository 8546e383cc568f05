// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The system's own words for its errors, for messages that operators read.
//
// Unsafe because `strerror` returns a C string; it is copied at once.

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

public enum SystemErrorText {
    /// For instance `address already in use`.
    public static func text(_ code: CInt) -> String { systemText(code).lowercased() }

    /// For instance `Address already in use`.
    public static func systemText(_ code: CInt) -> String {
        guard let text = unsafe strerror(code) else { return "error \(code)" }
        return unsafe String(cString: text)
    }
}
