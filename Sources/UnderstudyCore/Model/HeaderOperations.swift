// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What routes, virtual hosts and weighted clusters do to header lines.

/// Additions and removals of one level, in file order.
///
/// - Source: Envoy `request_headers_to_add`, `request_headers_to_remove`, `response_headers_to_add`,
///   `response_headers_to_remove`.
public struct HeaderOperations: Sendable, Equatable {
    public var requestAdditions: [HeaderAddition] = []
    /// Lower case.
    public var requestRemovals: [String] = [] {
        didSet { requestRemovalNames = requestRemovals.map(HeaderName.init) }
    }
    public var responseAdditions: [HeaderAddition] = []
    /// Lower case.
    public var responseRemovals: [String] = [] {
        didSet { responseRemovalNames = responseRemovals.map(HeaderName.init) }
    }
    /// `requestRemovals` arranged for comparing.
    public private(set) var requestRemovalNames: [HeaderName] = []
    public private(set) var responseRemovalNames: [HeaderName] = []

    public init() {}

    public var changesRequests: Bool { !requestAdditions.isEmpty || !requestRemovals.isEmpty }
    public var changesResponses: Bool { !responseAdditions.isEmpty || !responseRemovals.isEmpty }
}

/// One header line to add.
///
/// - Source: Envoy `HeaderValueOption`.
public struct HeaderAddition: Sendable, Equatable {
    public enum Action: Sendable, Equatable {
        case appendIfExistsOrAdd
        case addIfAbsent
        case overwriteIfExistsOrAdd
        case overwriteIfExists
    }

    /// As configured; written in lower case.
    public var name: String {
        didSet { lineName = HeaderName(name) }
    }
    /// `name` arranged for comparing and writing.
    public private(set) var lineName: HeaderName
    public var value: FormatString
    public var action: Action
    /// Adds the line even if its value turns out to be empty.
    public var keepsEmptyValue: Bool

    public init(
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
public enum HeaderMutation: Sendable, Equatable {
    case append(HeaderAddition)
    /// All lines of this lower-case name.
    case remove(String)
    /// All lines whose lower-case name matches.
    case removeMatching(StringMatcher)
}
