// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The one system call behind `StandardStream`. Unsafe because it takes a pointer; the array outlives the call.

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#else
internal import Darwin
#endif

extension StandardStream {
    static func write(_ descriptor: CInt, _ bytes: ArraySlice<UInt8>) -> Int {
        #if canImport(Glibc)
        unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
        #elseif canImport(Musl)
        unsafe bytes.withUnsafeBytes { unsafe Musl.write(descriptor, $0.baseAddress, $0.count) }
        #else
        unsafe bytes.withUnsafeBytes { unsafe Darwin.write(descriptor, $0.baseAddress, $0.count) }
        #endif
    }
}
