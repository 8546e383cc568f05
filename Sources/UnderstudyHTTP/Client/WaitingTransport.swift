// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// In place of a socket while a request waits for one.

internal import NIOCore

/// Takes nothing, so that whatever there is to send is kept by whoever would send it.
///
/// Loop-bound.
final class WaitingTransport: Transport {
    var isWritable: Bool { false }
    var isConnected: Bool { false }
    var queuedBytes: Int { 0 }
    func write(_ bytes: ByteBuffer) {}
    func flush() {}
    func endOutput() {}
    func setReading(_ isReading: Bool) {}
    func close() {}
    func closeAfterFlush(linger: TimeAmount) {}
    func attach(_ user: any TransportUser) {}
}

@available(*, unavailable)
extension WaitingTransport: Sendable {}
