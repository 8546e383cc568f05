// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The rest of an answer that nobody wants, read so that its connection can be used again.

internal import NIOCore
internal import UnderstudyCore

/// Takes the place of whoever asked.
///
/// Loop-bound.
final class DiscardedAnswer: ResponseHandler {
    private let connection: any ClientStream

    init(_ connection: any ClientStream) {
        self.connection = connection
    }

    func responseBegan(_ head: inout ResponseHead) {}

    func responseBody(_ piece: ByteBuffer) {}

    func responseEnded(reusable: Bool, trailers: HeaderBlock?) {
        if reusable { connection.release() } else { connection.close() }
    }

    func responseTurnEnded() {}

    func upstreamDrained() {}

    func upstreamFailed(_ failure: UpstreamFailure) {}
}

@available(*, unavailable)
extension DiscardedAnswer: Sendable {}

extension HTTP1ClientConnection {
    /// Whoever asked has no use for the answer, of which the head has arrived and no body follows.
    ///
    /// The handler hears nothing any more; the connection goes back to its pool if it may.
    public func discardAnswer() {
        handler = DiscardedAnswer(self)
    }
}
