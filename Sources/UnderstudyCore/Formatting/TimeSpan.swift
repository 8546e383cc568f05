// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The argument of COMMON_DURATION: two points in an exchange, and how exactly their distance is told.

/// From one point in time to another.
///
/// - Source: Envoy "COMMON_DURATION"; measured on Envoy 1.40.
public struct TimeSpan: Sendable, Equatable {
    /// Envoy's names; any other is a point that an extension might have set, which never happens here.
    enum Point: String, Sendable, Equatable {
        case requestStart = "DS_RX_BEG"
        case requestEnd = "DS_RX_END"
        case connectStart = "US_CX_BEG"
        case connectEnd = "US_CX_END"
        case handshakeEnd = "US_HS_END"
        case upstreamSendStart = "US_TX_BEG"
        case upstreamSendEnd = "US_TX_END"
        case upstreamReceiveStart = "US_RX_BEG"
        case upstreamReceiveEnd = "US_RX_END"
        case sendStart = "DS_TX_BEG"
        case sendEnd = "DS_TX_END"
    }

    private let start: Point?
    private let end: Point?
    private let unit: Int64

    /// What RESPONSE_TX_DURATION tells, in nanoseconds.
    static let responseSend = TimeSpan(from: .upstreamReceiveStart, to: .sendEnd)

    private init(from start: Point, to end: Point) {
        self.start = start
        self.end = end
        unit = 1
    }

    init(_ token: CommandToken) throws(FormatFault) {
        try token.require(argument: true, limit: false)
        let parts = token.argumentText.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 || parts.count == 3 else {
            throw FormatFault(.invalid, "Invalid common duration configuration: \(token.argumentText).")
        }
        start = Point(rawValue: parts[0])
        end = Point(rawValue: parts[1])
        switch parts.count == 3 ? parts[2] : "ms" {
        case "ms": unit = 1_000_000
        case "us": unit = 1_000
        case "ns": unit = 1
        case let other: throw FormatFault(.invalid, "Invalid common duration precision: \(other).")
        }
    }

    /// `nil` if one of the points has not been reached, or the end came before the start.
    func value(_ facts: borrowing ExchangeFacts) -> Int64? {
        guard let start, let end, let from = facts.time(of: start), let to = facts.time(of: end), to >= from else {
            return nil
        }
        return (to - from) / unit
    }
}

extension ExchangeFacts {
    /// Nanoseconds since the request's head.
    fileprivate func time(of point: TimeSpan.Point) -> Int64? {
        switch point {
        case .requestStart: 0
        case .requestEnd: timing.requestEnd
        case .connectStart: timing.connectStart
        case .connectEnd: timing.connectEnd
        // A handshake is part of the time for the connection.
        case .handshakeEnd: nil
        case .upstreamSendStart: timing.upstreamSendStart
        case .upstreamSendEnd: timing.upstreamSendEnd
        case .upstreamReceiveStart: timing.upstreamReceiveStart ?? answerTime
        case .upstreamReceiveEnd: timing.upstreamReceiveEnd
        case .sendStart: timing.sendStart
        case .sendEnd: timing.sendEnd
        }
    }
}
