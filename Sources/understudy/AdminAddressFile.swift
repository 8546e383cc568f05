// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// `--admin-address-path`: where scripts read which port the admin server got.

internal import UnderstudyHTTP

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

enum AdminAddressFile {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Writes `address:port` without a newline, as Envoy does.
    static func write(_ address: String, to path: String) throws(Failure) {
        let descriptor = openForWriting(path)
        guard descriptor >= 0 else { throw failure(path) }
        defer { _ = close(descriptor) }
        guard StandardStream.write(descriptor, Array(address.utf8)[...]) == address.utf8.count else {
            throw failure(path)
        }
    }

    private static func failure(_ path: String) -> Failure {
        Failure(description: "cannot write the admin address to '\(path)': \(SystemErrorText.text(errno))")
    }
}
