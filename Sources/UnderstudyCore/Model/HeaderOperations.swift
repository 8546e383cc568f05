// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What routes, virtual hosts and weighted clusters do to header lines.

/// Additions and removals of one level, in file order.
///
/// - Source: Envoy `request_headers_to_add`, `request_headers_to_remove`, `response_headers_to_add`,
///   `response_headers_to_remove`.
package struct HeaderOperations: Sendable, Equatable {
    package var requestAdditions: [HeaderAddition] = []
    /// Lower case.
    package var requestRemovals: [String] = [] {
        didSet { requestRemovalNames = requestRemovals.map(HeaderName.init) }
    }
    package var responseAdditions: [HeaderAddition] = []
    /// Lower case.
    package var responseRemovals: [String] = [] {
        didSet { responseRemovalNames = responseRemovals.map(HeaderName.init) }
    }
    /// `requestRemovals` arranged for comparing.
    package private(set) var requestRemovalNames: [HeaderName] = []
    package private(set) var responseRemovalNames: [HeaderName] = []

    package init() {}

    package var changesRequests: Bool { !requestAdditions.isEmpty || !requestRemovals.isEmpty }
    package var changesResponses: Bool { !responseAdditions.isEmpty || !responseRemovals.isEmpty }
}

/// One header line to add.
///
/// - Source: Envoy `HeaderValueOption`.
package struct HeaderAddition: Sendable, Equatable {
    package enum Action: Sendable, Equatable {
        case appendIfExistsOrAdd
        case addIfAbsent
        case overwriteIfExistsOrAdd
        case overwriteIfExists
    }

    /// As configured; written in lower case.
    package var name: String {
        didSet { lineName = HeaderName(name) }
    }
    /// `name` arranged for comparing and writing.
    package private(set) var lineName: HeaderName
    package var value: FormatString
    package var action: Action
    /// Adds the line even if its value turns out to be empty.
    package var keepsEmptyValue: Bool

    package init(
        name: String,
        value: FormatString,
        action: Action = .appendIfExistsOrAdd,
        keepsEmptyValue: Bool = false
    ) {
        self.name = name
        lineName = HeaderName(name)
        self.value = value
        self.action = action
        self.keepsEmptyValue = keepsEmptyValue
    }
}

/// One change to the header lines of a mirror's copy.
///
/// - Source: Envoy `config.common.mutation_rules.v3.HeaderMutation`.
package enum HeaderMutation: Sendable, Equatable {
    case append(HeaderAddition)
    /// All lines of this lower-case name.
    case remove(String)
    /// All lines whose lower-case name matches.
    case removeMatching(StringMatcher)
}
