// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How the proxy's own answers are changed on their way out, arranged for requests.

/// An answer of the proxy's own while it is put together.
package struct ReplyDraft: Sendable {
    package var status: Int
    package var body: [UInt8]
    package var contentType = Array("text/plain".utf8)
    package var location: [UInt8]?
    package var isOverloaded = false
    /// The content type stands before the length.
    package var putsTypeFirst = false
    /// The client speaks gRPC, and is told in its own terms.
    package var isGRPC = false
    /// Envoy's response flag; empty for none.
    package var flag: StaticString = ""
    package var details: StaticString = ""

    package init(status: Int, body: [UInt8] = []) {
        self.status = status
        self.body = body
    }

    package init(_ reply: LocalReply) {
        status = reply.status
        body = []
        body.append(literal: reply.body)
        isOverloaded = reply.isOverloaded
        flag = reply.flag
        details = reply.details
    }
}

/// `LocalReplyOptions` whose matchers are compiled.
package struct LocalReplyRules: Sendable {
    private struct Rule: Sendable {
        let filter: ReplyCondition
        let mapper: LocalReplyMapper
    }

    private let rules: [Rule]
    private let format: BodyFormat?

    package init(_ options: LocalReplyOptions) {
        rules = options.mappers.map { Rule(filter: ReplyCondition($0.filter), mapper: $0) }
        format = options.format
    }

    package var changesNothing: Bool { rules.isEmpty && format == nil }

    /// Applies the first mapper whose filter matches, and the format.
    ///
    /// - Parameter facts: Their status and flags are those of the draft.
    /// - Returns: Header lines to add.
    package func apply(
        to draft: inout ReplyDraft,
        request: borrowing RequestHead,
        facts: borrowing ExchangeFacts,
        random: UInt64,
        runtime: RuntimeSnapshot
    ) -> [HeaderAddition] {
        var format = format
        var additions: [HeaderAddition] = []
        for rule in rules where rule.filter.holds(draft, request, facts, random: random, runtime: runtime) {
            if let status = rule.mapper.status { draft.status = status }
            if let body = rule.mapper.body { draft.body = body }
            if let own = rule.mapper.format { format = own }
            additions = rule.mapper.headers
            break
        }
        guard let format else { return additions }
        var facts = copy facts
        facts.status = draft.status
        facts.localReplyBody = draft.body
        let made = format.body(request: request, response: nil, facts: facts)
        draft.body = made.bytes
        draft.contentType = made.contentType
        return additions
    }
}

/// `AccessLogFilter` whose matchers are compiled.
indirect enum ReplyCondition: Sendable {
    case status(AccessLogFilter.Comparison, value: UInt32, runtimeKey: String)
    case duration(AccessLogFilter.Comparison, value: UInt32, runtimeKey: String)
    case header(HeaderMatcher)
    case runtime(RuntimeFraction)
    case flags([String])
    case always
    case all([ReplyCondition])
    case any([ReplyCondition])

    init(_ filter: AccessLogFilter) {
        self =
            switch filter {
            case .status(let comparison, let value, let key): .status(comparison, value: value, runtimeKey: key)
            case .durationMilliseconds(let comparison, let value, let key):
                .duration(comparison, value: value, runtimeKey: key)
            case .header(let match): .header(HeaderMatcher(match))
            case .runtime(let fraction): .runtime(fraction)
            case .responseFlags(let flags): .flags(flags)
            case .notHealthCheck, .grpcStatuses: .always
            case .all(let filters): .all(filters.map(ReplyCondition.init))
            case .any(let filters): .any(filters.map(ReplyCondition.init))
            }
    }

    func holds(
        _ draft: ReplyDraft,
        _ request: borrowing RequestHead,
        _ facts: borrowing ExchangeFacts,
        random: UInt64,
        runtime: RuntimeSnapshot
    ) -> Bool {
        switch self {
        case .status(let comparison, let value, let key):
            return comparison.holds(UInt64(max(0, draft.status)), Self.threshold(value, key, runtime))
        case .duration(let comparison, let value, let key):
            return comparison.holds(UInt64(max(0, facts.elapsed / 1_000_000)), Self.threshold(value, key, runtime))
        case .header(let matcher): return matcher.matches(request: request)
        case .runtime(let fraction): return fraction.includes(random, runtime)
        case .flags(let flags):
            let flag = draft.flag.description
            return flags.isEmpty ? !flag.isEmpty : flags.contains(flag)
        case .always: return true
        case .all(let conditions):
            for condition in conditions
            where !condition.holds(draft, request, facts, random: random, runtime: runtime) { return false }
            return true
        case .any(let conditions):
            for condition in conditions
            where condition.holds(draft, request, facts, random: random, runtime: runtime) { return true }
            return false
        }
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
