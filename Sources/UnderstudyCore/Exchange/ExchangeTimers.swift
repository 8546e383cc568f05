// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The several clocks that run over one exchange, told by a single alarm.

/// Deadlines by kind, in nanoseconds of any steady clock.
public struct ExchangeTimers: Sendable {
    public enum Kind: Int, CaseIterable, Sendable {
        /// The route's timeout, from the end of the request.
        case route
        /// The time of one try.
        case tryTotal
        /// The upstream's silence within one try.
        case tryIdle
        /// Silence on both sides.
        case streamIdle
        /// The whole exchange.
        case streamDuration
        /// The whole of one try, from its head on.
        case upstreamDuration
        /// The wait before another try.
        case backOff
    }

    private static let none = UInt64.max

    private var deadlines = SIMD8<UInt64>(repeating: Self.none)

    public init() {}

    public mutating func set(_ kind: Kind, at deadline: UInt64) {
        deadlines[kind.rawValue] = deadline
    }

    public mutating func clear(_ kind: Kind) {
        deadlines[kind.rawValue] = Self.none
    }

    public mutating func clearAll() {
        deadlines = SIMD8(repeating: Self.none)
    }

    public func isSet(_ kind: Kind) -> Bool { deadlines[kind.rawValue] != Self.none }

    /// When the alarm has to ring; `nil` if nothing is awaited.
    public var earliest: UInt64? {
        let earliest = deadlines.min()
        return earliest == Self.none ? nil : earliest
    }

    /// Takes out the earliest deadline that lies before `now`.
    public mutating func takeDue(at now: UInt64) -> Kind? {
        guard let earliest, earliest <= now else { return nil }
        for kind in Kind.allCases where deadlines[kind.rawValue] == earliest {
            clear(kind)
            return kind
        }
        return nil
    }
}
