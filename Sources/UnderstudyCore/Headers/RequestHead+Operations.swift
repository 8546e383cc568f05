// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What routes and mirror policies change in a request's header lines.

extension RequestHead {
    /// Applies the levels one after the other; each sees what the one before has done.
    ///
    /// The Host is never touched: the configuration may not name it.
    public mutating func apply(_ levels: [HeaderOperations], facts: borrowing ExchangeFacts) {
        for level in levels where level.changesRequests {
            for name in level.requestRemovalNames { remove(name) }
            guard !level.requestAdditions.isEmpty else { continue }
            var plan = AdditionPlan(.request)
            for addition in level.requestAdditions { settle(addition, &plan, facts) }
            plan.perform(on: &headers)
        }
    }

    /// Applies a mirror policy's mutations in order; each sees what the one before has done.
    ///
    /// Before `becomeMirror`, which works on the Host that they leave.
    /// - Returns: Whether the copy can still be sent: Envoy drops one that lost its path or method.
    @discardableResult
    public mutating func apply(_ mutations: [HeaderMutation], facts: borrowing ExchangeFacts) -> Bool {
        var canBeSent = true
        for mutation in mutations {
            switch mutation {
            case .append(let addition):
                var plan = AdditionPlan(.request)
                settle(addition, &plan, facts)
                plan.perform(on: &headers)
            case .remove(let name):
                let name = HeaderName(name)
                switch name.bytes {
                case PseudoHeader.path, PseudoHeader.method: canBeSent = false
                case PseudoHeader.authority, PseudoHeader.host: removeHost()
                default: remove(name)
                }
            case .removeMatching(let matcher):
                if !removeLines(matching: TextMatcher(matcher)) { canBeSent = false }
            }
        }
        return canBeSent
    }

    private func settle(
        _ addition: borrowing HeaderAddition,
        _ plan: inout AdditionPlan,
        _ facts: borrowing ExchangeFacts
    ) {
        let start = plan.values.count
        addition.value.append(to: &plan.values, request: self, response: nil, facts: facts, absent: .empty)
        plan.settle(addition, valueFrom: start, in: headers)
    }

    /// A body whose length is no longer told is sent in chunks, as Envoy does.
    private mutating func remove(_ name: HeaderName) {
        guard headers.removeLines(named: name.bytes, from: Self.hostLine + 1) else { return }
        if name.known == .contentLength { loseLength() }
    }

    /// The line keeps its place for the Host that the mirror's policy may give it.
    private mutating func removeHost() {
        headers.setValue(at: Self.hostLine, to: [])
        lacksHost = true
    }

    private mutating func loseLength() {
        if case .length = framing { framing = .chunked }
    }

    /// The Host goes by its HTTP/2 name here.
    ///
    /// - Returns: `false` if path or method match as well.
    private mutating func removeLines(matching matcher: TextMatcher) -> Bool {
        if matcher.matches(PseudoHeader.authority) { removeHost() }
        let arena = headers.bytes
        var index = -1
        var losesLength = false
        headers.removeLines { line in
            index += 1
            guard index > Self.hostLine, matcher.matches(arena.span, line.name) else { return false }
            if line.known == .contentLength { losesLength = true }
            return true
        }
        if losesLength { loseLength() }
        return !matcher.matches(PseudoHeader.path) && !matcher.matches(PseudoHeader.method)
    }
}

/// Envoy's names for what a request line holds.
private enum PseudoHeader {
    static let path = Array(":path".utf8)
    static let method = Array(":method".utf8)
    static let authority = Array(":authority".utf8)
    static let host = Array("host".utf8)
}

extension TextMatcher {
    fileprivate func matches(_ text: [UInt8]) -> Bool {
        matches(text.span, 0..<text.count)
    }
}
