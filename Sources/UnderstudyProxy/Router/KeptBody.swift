// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The body of a request as far as another try would need it.

internal import NIOCore

/// Bytes that are kept while a request may have to be sent again, up to a limit.
struct KeptBody {
    private(set) var bytes = ByteBuffer()
    /// More came than may be kept: the request cannot be sent again.
    private(set) var isIncomplete = false
    private var limit = 0

    /// Begins to keep up to `limit` bytes.
    mutating func begin(limit: Int) {
        self.limit = limit
        isIncomplete = false
        bytes = ByteBuffer()
    }

    mutating func append(_ piece: ByteBuffer) {
        guard !isIncomplete else { return }
        guard bytes.readableBytes + piece.readableBytes <= limit else {
            isIncomplete = true
            bytes = ByteBuffer()
            return
        }
        bytes.writeImmutableBuffer(piece)
    }

    mutating func forget() {
        limit = 0
        isIncomplete = false
        bytes = ByteBuffer()
    }
}
