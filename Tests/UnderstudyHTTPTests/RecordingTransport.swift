// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A socket that only remembers, so that connections can be driven byte by byte without a system below.

import NIOCore
import UnderstudyHTTP

final class RecordingTransport: Transport {
    var isWritable = true
    var isConnected = true
    var queuedBytes = 0
    var applicationProtocol: ApplicationProtocol?

    /// Each write as text, in order.
    private(set) var writes: [String] = []
    private(set) var flushes = 0
    /// Bytes written since the last flush.
    private(set) var unflushedBytes = 0
    private(set) var isReading = true
    private(set) var isClosed = false
    private(set) var isReset = false
    private(set) var hasEndedOutput = false
    /// Set by `closeAfterFlush`.
    private(set) var linger: TimeAmount?
    private(set) var bytesAfterClose = 0

    /// Everything written so far.
    var sent: String { writes.joined() }
    /// The same as bytes; whoever reads takes them out.
    var sentBytes = ByteBuffer()

    func forgetWrites() { writes.removeAll() }

    func write(_ bytes: ByteBuffer) {
        if isClosed || linger != nil { bytesAfterClose += bytes.readableBytes }
        writes.append(String(buffer: bytes))
        sentBytes.writeImmutableBuffer(bytes)
        unflushedBytes += bytes.readableBytes
    }

    func flush() {
        flushes += 1
        unflushedBytes = 0
    }

    func endOutput() { hasEndedOutput = true }

    /// Whoever has it now; kept until the end, as the real ones do.
    private(set) var user: (any TransportUser)?

    func attach(_ user: any TransportUser) { self.user = user }

    func setReading(_ isReading: Bool) { self.isReading = isReading }
    func close() {
        isClosed = true
        user = nil
    }

    func reset() {
        isReset = true
        close()
    }

    /// The connection ends without its user's doing.
    func end(_ reason: TransportEnd) {
        (isConnected, isWritable) = (false, false)
        let user = self.user
        self.user = nil
        user?.transportClosed(reason)
    }

    func closeAfterFlush(linger: TimeAmount) { self.linger = linger }
}
