// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What a connection reads into.

import NIOCore
import Testing

@testable import UnderstudyHTTP

@Suite struct ReadSizesTests {
    private static let small = 4 * 1024

    private func capacity(_ reads: ReadSizes) -> Int { reads.buffer(allocator: ByteBufferAllocator()).capacity }

    @Test func `the buffer that stays with a connection is small, and heads keep to it`() {
        var reads = ReadSizes.client
        #expect(capacity(reads) == Self.small)
        let isLarger = reads.record(actualReadBytes: 300)
        #expect(!isLarger)
        #expect(capacity(reads) == Self.small)
        // Otherwise NIO would keep several.
        #expect(reads.nextBufferSize() == nil)
    }

    @Test func `a client that fills its buffer gets larger ones, and the small one when it is quiet again`() {
        var reads = ReadSizes.client
        var sizes: [Int] = []
        for _ in 0..<4 {
            let isLarger = reads.record(actualReadBytes: capacity(reads))
            #expect(isLarger)
            sizes.append(capacity(reads))
        }
        #expect(sizes == [16, 64, 64, 64].map { $0 * 1024 })
        _ = reads.record(actualReadBytes: 5000)
        #expect(capacity(reads) == 16 * 1024)
        _ = reads.record(actualReadBytes: 100)
        #expect(capacity(reads) == Self.small)
    }

    @Test(arguments: [
        (ReadSizes.client, [4, 16, 64, 64]), (.securedClient, [4, 16, 16, 16]), (.upstream, [16, 64, 128, 128]),
        (.restrained, [16, 16, 16, 16]),
    ])
    func `nobody reads more at once than its kind may`(_ kind: ReadSizes, _ kibibytes: [Int]) {
        var reads = kind
        var sizes: [Int] = []
        for _ in kibibytes {
            sizes.append(capacity(reads))
            _ = reads.record(actualReadBytes: capacity(reads))
        }
        #expect(sizes == kibibytes.map { $0 * 1024 })
    }
}
