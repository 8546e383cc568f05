// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Decides whether a request gets a line, and whether a mapper is for a reply.

/// `AccessLogFilter` whose matchers are compiled.
public indirect enum AccessLogCondition: Sendable {
    case status(AccessLogFilter.Comparison, value: UInt32, runtimeKey: String)
    case duration(AccessLogFilter.Comparison, value: UInt32, runtimeKey: String)
    case header(HeaderMatcher)
    case runtime(RuntimeFraction, usesIndependentRandomness: Bool)
    case flags([String])
    case notHealthCheck
    case all([AccessLogCondition])
    case any([AccessLogCondition])
    case grpcStatuses(Set<Int>, isExcluding: Bool)

    public init(_ filter: AccessLogFilter) {
        self =
            switch filter {
            case .status(let comparison, let value, let key): .status(comparison, value: value, runtimeKey: key)
            case .durationMilliseconds(let comparison, let value, let key):
                .duration(comparison, value: value, runtimeKey: key)
            case .header(let match): .header(HeaderMatcher(match))
            case .runtime(let fraction, let isIndependent):
                .runtime(fraction, usesIndependentRandomness: isIndependent)
            case .responseFlags(let flags): .flags(flags)
            case .notHealthCheck: .notHealthCheck
            case .all(let filters): .all(filters.map(AccessLogCondition.init))
            case .any(let filters): .any(filters.map(AccessLogCondition.init))
            case .grpcStatuses(let statuses, let isExcluding):
                .grpcStatuses(Set(statuses.map(Int.init)), isExcluding: isExcluding)
            }
    }

    /// What it looks at besides status, flags and duration.
    public var needs: FactNeeds {
        switch self {
        case .grpcStatuses: .trailers
        case .all(let conditions), .any(let conditions): conditions.reduce(into: []) { $0.formUnion($1.needs) }
        default: []
        }
    }

    /// - Parameters:
    ///   - facts: With status, flags and duration of the whole exchange.
    ///   - random: Drawn for this exchange; used where the request's identifier does not decide.
    public func holds(
        request: borrowing RequestHead,
        response: borrowing ResponseHead?,
        facts: borrowing ExchangeFacts,
        random: UInt64,
        runtime: RuntimeSnapshot
    ) -> Bool {
        switch self {
        case .status(let comparison, let value, let key):
            return comparison.holds(UInt64(max(0, facts.status)), Self.threshold(value, key, runtime))
        case .duration(let comparison, let value, let key):
            return comparison.holds(UInt64(max(0, facts.elapsed / 1_000_000)), Self.threshold(value, key, runtime))
        case .header(let matcher): return matcher.matches(request: request)
        case .runtime(let fraction, let isIndependent):
            let sample = isIndependent || !facts.hasStreamID ? nil : request.sample
            return fraction.includes(sample ?? random, runtime)
        case .flags(let flags): return facts.hasFlag(of: flags)
        case .notHealthCheck: return !facts.isHealthCheck
        case .grpcStatuses(let statuses, let isExcluding):
            let status = GRPCStatus(response: response, facts: facts)?.code ?? GRPCStatus.unknown
            return statuses.contains(status) != isExcluding
        case .all(let conditions):
            return !Self.some(of: conditions, isHolding: false, request, response, facts, random, runtime)
        case .any(let conditions):
            return Self.some(of: conditions, isHolding: true, request, response, facts, random, runtime)
        }
    }

    /// A loop because borrowed values cannot be captured.
    private static func some(
        of conditions: [AccessLogCondition],
        isHolding wanted: Bool,
        _ request: borrowing RequestHead,
        _ response: borrowing ResponseHead?,
        _ facts: borrowing ExchangeFacts,
        _ random: UInt64,
        _ runtime: RuntimeSnapshot
    ) -> Bool {
        for condition in conditions {
            let holds = condition.holds(
                request: request,
                response: response,
                facts: facts,
                random: random,
                runtime: runtime
            )
            if holds == wanted { return true }
        }
        return false
    }

    private static func threshold(_ value: UInt32, _ key: String, _ runtime: RuntimeSnapshot) -> UInt64 {
        key.isEmpty ? UInt64(value) : runtime.integer(key) ?? UInt64(value)
    }
}

extension AccessLogFilter.Comparison {
    fileprivate func holds(_ value: UInt64, _ threshold: UInt64) -> Bool {
        switch self {
        case .equal: value == threshold
        case .atLeast: value >= threshold
        case .atMost: value <= threshold
        case .notEqual: value != threshold
        }
    }
}

extension ExchangeFacts {
    /// Has one of these flags, or any flag if the list is empty.
    fileprivate func hasFlag(of flags: [String]) -> Bool {
        if flags.isEmpty { return !responseFlags.isEmpty }
        return responseFlags.contains { flag in flags.contains { $0.utf8.elementsEqual(flag.description.utf8) } }
    }
}

extension RequestHead {
    /// The number that decides whether the request is in a share: the first eight digits of its identifier.
    ///
    /// - Returns: `nil` if it has no identifier that begins so.
    /// - Source: Envoy's UUID request identifier; measured on 1.40.
    fileprivate var sample: UInt64? {
        guard let index = headers.firstIndex(named: Self.requestID) else { return nil }
        let value = headers.lines[index].value
        guard value.count >= 8 else { return nil }
        let bytes = headers.bytes.span
        var sample: UInt64 = 0
        let start = value.lowerBound
        // The prefix is allowed by the function that Envoy reads hexadecimal numbers with.
        let hasPrefix = bytes[start] == 0x30 && bytes[start + 1] | 0x20 == 0x78
        for offset in start + (hasPrefix ? 2 : 0)..<start + 8 {
            guard let digit = HexadecimalDigit.value(bytes[offset]) else { return nil }
            // Safe: eight digits fit 32 bits.
            sample = sample &<< 4 | UInt64(digit)
        }
        return sample
    }

    private static let requestID = Array("x-request-id".utf8)
}
