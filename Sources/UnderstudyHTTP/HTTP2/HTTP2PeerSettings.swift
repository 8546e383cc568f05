// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What the peer's SETTINGS frames have said (RFC 9113 section 6.5.2).

internal import NIOCore

struct HTTP2PeerSettings {
    enum Identifier: UInt16 {
        case headerTableSize = 1
        case enablePush
        case maxConcurrentStreams
        case initialWindowSize
        case maxFrameSize
        case maxHeaderListSize
        case enableConnectProtocol = 8
    }

    /// Frames are never larger than this, whatever the peer would take: others get their turn sooner.
    static let largestFrame = 16_384

    var initialWindow = SendWindow.initial
    /// `nil` as long as the peer says nothing.
    var concurrentStreams: UInt32?
    var allowsConnect = false

    /// Takes in one setting.
    ///
    /// - Returns: By how much the windows of all streams change.
    mutating func apply(_ identifier: UInt16, _ value: UInt32, to encoder: inout HPACKEncoder, fromServer: Bool)
        throws(HTTP2ErrorCode) -> Int
    {
        switch Identifier(rawValue: identifier) {
        case .headerTableSize:
            encoder.setTableBytes(Int(value))
        case .enablePush:
            guard value == 0 || value == 1 && !fromServer else { throw .protocolError }
        case .maxConcurrentStreams:
            concurrentStreams = value
        case .initialWindowSize:
            guard value <= UInt32(SendWindow.largest) else { throw .flowControlError }
            defer { initialWindow = Int(value) }
            return Int(value) - initialWindow
        case .maxFrameSize:
            guard (1 << 14..<1 << 24).contains(value) else { throw .protocolError }
        case .enableConnectProtocol:
            guard value == 1 || value == 0 && !allowsConnect else { throw .protocolError }
            allowsConnect = value == 1
        case .maxHeaderListSize, nil: break
        }
        return 0
    }
}
