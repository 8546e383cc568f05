// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How the proxy's own answers are changed on their way out, arranged for requests.

/// An answer of the proxy's own while it is put together.
public struct ReplyDraft: Sendable {
    public var status: Int
    public var body: [UInt8]
    public var contentType = Array("text/plain".utf8)
    public var location: [UInt8]?
    public var isOverloaded = false
    /// The content type stands before the length.
    public var putsTypeFirst = false
    /// The client speaks gRPC, and is told in its own terms.
    public var isGRPC = false
    /// `nil` for what the status stands for.
    public var statusOfGRPC: Int?
    /// Envoy's response flag; empty for none.
    public var flag: StaticString = ""
    public var details: StaticString = ""

    public init(status: Int, body: [UInt8] = []) {
        self.status = status
        self.body = body
    }

    public init(_ reply: LocalReply) {
        status = reply.status
        body = []
        body.append(literal: reply.body)
        isOverloaded = reply.isOverloaded
        flag = reply.flag
        details = reply.details
        statusOfGRPC = reply.statusOfGRPC
    }
}

/// `LocalReplyOptions` whose matchers are compiled.
public struct LocalReplyRules: Sendable {
    private struct Rule: Sendable {
        let filter: AccessLogCondition
        let mapper: LocalReplyMapper
    }

    private let rules: [Rule]
    private let format: BodyFormat?

    public init(_ options: LocalReplyOptions) {
        rules = options.mappers.map { Rule(filter: AccessLogCondition($0.filter), mapper: $0) }
        format = options.format
    }

    public var changesNothing: Bool { rules.isEmpty && format == nil }

    /// Applies the first mapper whose filter matches, and the format.
    ///
    /// - Parameter facts: Their status and flags are those of the draft.
    /// - Returns: Header lines to add.
    public func apply(
        to draft: inout ReplyDraft,
        request: borrowing RequestHead,
        facts: borrowing ExchangeFacts,
        random: UInt64,
        runtime: RuntimeSnapshot
    ) -> [HeaderAddition] {
        var format = format
        var additions: [HeaderAddition] = []
        for rule in rules
        where rule.filter.holds(request: request, response: nil, facts: facts, random: random, runtime: runtime) {
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
