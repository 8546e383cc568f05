// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Standard output and standard error, a whole line at a time.

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

enum StandardStream {
    case output
    case error

    private var descriptor: CInt {
        switch self {
        case .output: STDOUT_FILENO
        case .error: STDERR_FILENO
        }
    }

    /// Whether a person is looking.
    var isTerminal: Bool { isatty(descriptor) == 1 }

    /// Writes at once and unbuffered.
    ///
    /// A stream that is closed loses the text and nothing else.
    func write(_ text: String) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let written = Self.write(descriptor, bytes)
            guard written > 0 else { return }
            bytes = bytes.dropFirst(written)
        }
    }
}
