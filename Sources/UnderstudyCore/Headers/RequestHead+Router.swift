// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What the router tells an upstream about itself: how long it has, and the how-manieth try this is.

extension RequestHead {
    /// Says how long the upstream has; a value that is there already is replaced in its place.
    ///
    /// - Parameter milliseconds: `nil` removes the line.
    public mutating func setExpectedTimeout(_ milliseconds: Int64?) {
        guard let milliseconds else {
            headers.removeLines { $0.known == .envoyExpectedTimeout }
            return
        }
        if let index = headers.firstIndex(of: .envoyExpectedTimeout) {
            headers.setValue(at: index) { $0.append(decimal: Int(milliseconds)) }
        } else {
            headers.add("x-envoy-expected-rq-timeout-ms", decimal: Int(milliseconds), known: .envoyExpectedTimeout)
        }
    }

    /// Counts the tries, in the place of a count that is there already.
    public mutating func setAttemptCount(_ attempts: Int) {
        if let index = headers.firstIndex(named: Self.attemptCount) {
            headers.setValue(at: index) { $0.append(decimal: attempts) }
        } else {
            headers.add("x-envoy-attempt-count", decimal: attempts, known: .other)
        }
    }

    /// Says whether the try before this one ran out of time.
    public mutating func setTimeoutRetry(_ isTimeoutRetry: Bool) {
        let text: StaticString = isTimeoutRetry ? "true" : "false"
        if let index = headers.firstIndex(named: Self.timeoutRetry) {
            headers.setValue(at: index) { $0.append(literal: text) }
        } else {
            headers.add("x-envoy-is-timeout-retry", text)
        }
    }

    /// What a trusted client wants to be done about time.
    public struct RequestedTimes: Sendable {
        /// Milliseconds; 0 means no limit.
        public var route: Int64?
        public var perTry: Int64?
        /// A timeout is to be answered with an empty 204.
        public var hasAlternative = false
    }

    /// Reads and removes the times that a trusted client asks for.
    ///
    /// - Parameter respectingExpected: `x-envoy-expected-rq-timeout-ms` takes the place of
    ///   `x-envoy-upstream-rq-timeout-ms`, which then stays as it is.
    /// - Source: measured on Envoy 1.40.
    public mutating func takeTimeouts(respectingExpected: Bool) -> RequestedTimes {
        var times = RequestedTimes()
        if respectingExpected, let index = headers.firstIndex(of: .envoyExpectedTimeout) {
            times.route = milliseconds(at: index)
        } else {
            times.route = takeMilliseconds(Self.upstreamTimeout)
        }
        times.perTry = takeMilliseconds(Self.upstreamTryTimeout)
        if let index = headers.firstIndex(named: Self.alternative) {
            headers.removeLine(at: index)
            times.hasAlternative = true
        }
        return times
    }

    private mutating func takeMilliseconds(_ name: [UInt8]) -> Int64? {
        guard let index = headers.firstIndex(named: name) else { return nil }
        let milliseconds = milliseconds(at: index)
        headers.removeLine(at: index)
        return milliseconds
    }

    /// Nine digits are eleven days; what is longer is no time that anybody means.
    private func milliseconds(at index: Int) -> Int64? {
        let value = headers.lines[index].value
        return value.count <= 9 ? Decimal.parse(headers.bytes.span, value).map { Int64($0) } : nil
    }

    private static let attemptCount = Array("x-envoy-attempt-count".utf8)
    private static let timeoutRetry = Array("x-envoy-is-timeout-retry".utf8)
    private static let upstreamTimeout = Array("x-envoy-upstream-rq-timeout-ms".utf8)
    private static let alternative = Array("x-envoy-upstream-rq-timeout-alt-response".utf8)
    private static let upstreamTryTimeout = Array("x-envoy-upstream-rq-per-try-timeout-ms".utf8)
}

extension ResponseHead {
    /// Tells the client how many tries the answer took.
    public mutating func addAttempts(_ attempts: Int) {
        if let index = headers.firstIndex(named: Self.attemptCount) {
            headers.setValue(at: index) { $0.append(decimal: attempts) }
        } else {
            headers.add("x-envoy-attempt-count", decimal: attempts, known: .other)
        }
    }

    private static let attemptCount = Array("x-envoy-attempt-count".utf8)
}
