// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A request, as far as it has been given, that has nowhere to go yet.

internal import NIOCore
internal import UnderstudyCore

struct HeldRequest {
    private(set) var head = RequestHead()
    let mode: RequestMode
    private(set) var body = ByteBuffer()
    private(set) var isEnded = false
    private(set) var trailers: HeaderBlock?

    init(_ head: borrowing RequestHead, _ mode: RequestMode) {
        self.head.copy(head)
        self.mode = mode
    }

    var headBytes: Int { head.headers.bytes.count }

    mutating func add(_ piece: ByteBuffer) {
        body.writeImmutableBuffer(piece)
    }

    mutating func end(_ trailers: HeaderBlock?) {
        isEnded = true
        self.trailers = trailers
    }

    /// Begins it on a connection that there is now, with all that was given so far.
    func begin(on stream: any ClientStream, handler: any ResponseHandler) {
        stream.begin(head, mode, handler: handler)
        if body.readableBytes > 0 { stream.sendBody(body) }
        if isEnded { stream.endRequest(trailers: trailers) }
        stream.flush()
    }
}
