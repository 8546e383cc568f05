// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What routes and local reply mappers change in an answer's header lines.

extension ResponseHead {
    /// Applies the levels one after the other; each sees what the one before has done.
    ///
    /// - Parameter request: As it was sent upstream.
    public mutating func apply(
        _ levels: [HeaderOperations],
        request: borrowing RequestHead,
        facts: borrowing ExchangeFacts
    ) {
        for level in levels where level.changesResponses {
            for name in level.responseRemovalNames { remove(name) }
            apply(level.responseAdditions, request: request, facts: facts)
        }
    }

    public mutating func apply(
        _ additions: [HeaderAddition],
        request: borrowing RequestHead,
        facts: borrowing ExchangeFacts
    ) {
        guard !additions.isEmpty else { return }
        var plan = AdditionPlan(.response)
        for addition in additions {
            let start = plan.values.count
            addition.value.append(to: &plan.values, request: request, response: self, facts: facts, absent: .empty)
            plan.settle(addition, valueFrom: start, in: headers)
        }
        plan.perform(on: &headers)
    }

    /// A body whose length is no longer told is sent in chunks, as Envoy does.
    private mutating func remove(_ name: HeaderName) {
        guard headers.removeLines(named: name.bytes, from: 0), name.known == .contentLength else { return }
        if case .length = framing { framing = .chunked }
    }
}
