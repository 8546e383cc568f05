// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The time that a gRPC client gives, and what a route makes of it.

extension RequestHead {
    /// Milliseconds of `grpc-timeout`, rounded up; `nil` if there is none that can be read.
    ///
    /// - Source: the gRPC protocol: at most eight digits and a unit.
    public var grpcTimeout: Int64? {
        guard let index = headers.firstIndex(named: Self.timeoutName) else { return nil }
        let value = headers.lines[index].value
        guard (2...9).contains(value.count),
            let number = Decimal.parse(headers.bytes.span, value.lowerBound..<value.upperBound - 1)
        else { return nil }
        // Safe: eight digits times the milliseconds of an hour are far below 2^63.
        let time = Int64(number)
        let milliseconds: Int64? =
            switch headers.bytes[value.upperBound - 1] {
            case UInt8(ascii: "H"): time * 3_600_000
            case UInt8(ascii: "M"): time * 60_000
            case UInt8(ascii: "S"): time * 1_000
            case UInt8(ascii: "m"): time
            case UInt8(ascii: "u"): (time + 999) / 1_000
            case UInt8(ascii: "n"): (time + 999_999) / 1_000_000
            default: nil
            }
        return milliseconds.map { min($0, Self.longestTimeout) }
    }

    /// 34 years: what clients give must fit the nanoseconds of a timer.
    private static let longestTimeout: Int64 = 1 << 40

    /// Tells the upstream how long it has, in the first unit of which eight digits are enough.
    ///
    /// - Source: measured on Envoy 1.40.
    public mutating func setGRPCTimeout(milliseconds: Int64) {
        var (number, unit) = (max(milliseconds, 0), UInt8(ascii: "m"))
        for (divisor, next) in [(1_000, UInt8(ascii: "S")), (60, UInt8(ascii: "M")), (60, UInt8(ascii: "H"))]
        where number > Self.mostDigits {
            number /= Int64(divisor)
            unit = next
        }
        number = min(number, Self.mostDigits)
        let write = { (bytes: inout [UInt8]) in
            bytes.append(decimal: Int(number))
            bytes.append(unit)
        }
        if let index = headers.firstIndex(named: Self.timeoutName) {
            headers.setValue(at: index, writeValue: write)
        } else {
            headers.add("grpc-timeout", known: .other, writeValue: write)
        }
    }

    public mutating func removeGRPCTimeout() {
        while let index = headers.firstIndex(named: Self.timeoutName) { headers.removeLine(at: index) }
    }

    private static let timeoutName = Array("grpc-timeout".utf8)
    private static let mostDigits: Int64 = 99_999_999
}

extension GRPCTimeoutRule {
    /// Milliseconds from the end of a request, zero for no limit: an offset that leaves nothing is not taken off.
    ///
    /// - Parameter given: What the client gives; `nil` for nothing.
    /// - Source: measured on Envoy 1.40.
    func timeout(given: Int64?) -> Int64 {
        var time = given ?? 0
        if offset.inMilliseconds < time { time -= offset.inMilliseconds }
        let maximum = maximum.inMilliseconds
        return maximum > 0 && (time == 0 || time > maximum) ? maximum : time
    }

    /// Milliseconds from a request's head to the end of its answer, of which zero is no time at all.
    ///
    /// - Source: measured on Envoy 1.40.
    func streamDuration(given: Int64) -> Int64 {
        let maximum = maximum.inMilliseconds
        let time = maximum > 0 ? min(given, maximum) : given
        return max(time - offset.inMilliseconds, 0)
    }
}

extension Forward {
    /// How long the primary has from the end of this request by the client's own word.
    ///
    /// In milliseconds, zero for ever; `nil` if that word does not count. If it does, the primary is told its time in
    /// `grpc-timeout`.
    public func grpcTimeout(for head: borrowing RequestHead) -> Int64? {
        guard let grpcTimeout, head.isGRPC else { return nil }
        return grpcTimeout.timeout(given: head.grpcTimeout)
    }

    /// How long this request may take from its head to the end of its answer.
    public enum StreamDuration: Sendable, Equatable {
        /// As the connection manager says.
        case inherited
        case unlimited
        case milliseconds(Int64)
    }

    public func streamDuration(of head: borrowing RequestHead) -> StreamDuration {
        if let grpcStreamDuration, let given = head.grpcTimeout {
            return .milliseconds(grpcStreamDuration.streamDuration(given: given))
        }
        guard let maxStreamDuration else { return .inherited }
        return maxStreamDuration > .zero ? .milliseconds(maxStreamDuration.inMilliseconds) : .unlimited
    }
}

extension Duration {
    /// Never negative, and cut to what a timer can count.
    var inNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        // Safe: less than a second is added to 34 years.
        return min(seconds, 1 << 30) * 1_000_000_000 + attoseconds / 1_000_000_000
    }

    /// Rounded down, and never negative.
    fileprivate var inMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        // Safe: less than a thousand is added, and what does not fit is cut to a time that nobody waits for.
        return min(seconds, 1 << 30) * 1_000 + attoseconds / 1_000_000_000_000_000
    }
}
