// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Limits of one copy, which clusters and routes say alike, and the ranges of all our own numbers.

import EnvoyAPI
import SwiftProtobuf
import UnderstudyCore

/// A message with limits of one copy.
protocol MirrorLimiting {
    var hasTimeout: Bool { get }
    var timeout: Google_Protobuf_Duration { get }
    var hasMaxRequestBytes: Bool { get }
    var maxRequestBytes: Google_Protobuf_UInt64Value { get }
    var hasMaxResponseBytes: Bool { get }
    var maxResponseBytes: Google_Protobuf_UInt64Value { get }
}

extension Understudy_Mirroring_V1_Mirroring.Mirror: MirrorLimiting {}
extension Understudy_Mirroring_V1_MirroringPerRoute: MirrorLimiting {}

extension Compiler {
    /// Of copies and of connections.
    static let mirrorCounts: ClosedRange<UInt64> = 1...1_000_000
    /// In bytes.
    static let mirrorBudgets: ClosedRange<UInt64> = 64 << 10...1 << 40
    private static let longestTimeout = Duration.seconds(86_400)

    mutating func limits(_ message: some MirrorLimiting, at place: Place) -> MirrorLimits {
        var limits = MirrorLimits()
        if message.hasTimeout {
            let timeout = Duration(message.timeout)
            limits.timeout = timeout
            if timeout <= .zero || timeout > Self.longestTimeout {
                let field = place.field("timeout")
                let found = field.node?.scalar?.string ?? "\(timeout.components.seconds)s"
                refuse(field, "duration out of range", found: shown(found), accepted: "more than 0s to 86400s")
            }
        }
        if message.hasMaxRequestBytes {
            let field = place.field("max_request_bytes")
            limits.requestBytes = number(
                message.maxRequestBytes.value,
                in: 0...Self.mirrorBudgets.upperBound,
                at: field
            )
        }
        if message.hasMaxResponseBytes {
            let field = place.field("max_response_bytes")
            limits.responseBytes = number(
                message.maxResponseBytes.value,
                in: 1...Self.mirrorBudgets.upperBound,
                at: field
            )
        }
        return limits
    }

    /// The number; `nil`, after a report, if it is out of range.
    ///
    /// - Parameter why: What the upper end is, if it is not fixed.
    mutating func number(
        _ number: UInt64,
        in range: ClosedRange<UInt64>,
        at place: Place,
        _ why: String = ""
    ) -> UInt64? {
        if range.contains(number) { return number }
        let accepted = "\(range.lowerBound) to \(range.upperBound)\(why)"
        refuse(place, "number out of range", found: String(number), accepted: accepted)
        return nil
    }
}
