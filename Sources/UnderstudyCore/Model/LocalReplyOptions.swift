// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How the proxy's own answers are changed before they are sent.

/// Source: Envoy `LocalReplyConfig`.
public struct LocalReplyOptions: Sendable, Equatable {
    /// The first whose filter matches is applied.
    public var mappers: [LocalReplyMapper] = []
    /// For replies whose mapper has none of its own; `nil` leaves the text as it is.
    public var format: BodyFormat?

    public init() {}

    public var changesNothing: Bool { mappers.isEmpty && format == nil }
}

/// Source: Envoy `ResponseMapper`.
public struct LocalReplyMapper: Sendable, Equatable {
    public var filter: AccessLogFilter
    public var status: Int?
    public var body: [UInt8]?
    public var format: BodyFormat?
    public var headers: [HeaderAddition] = []

    public init(filter: AccessLogFilter) {
        self.filter = filter
    }
}

/// How a body is made.
///
/// Source: Envoy `SubstitutionFormatString`.
public struct BodyFormat: Sendable, Equatable {
    public enum Form: Sendable, Equatable {
        case text(FormatString)
        case json(FormatTree)
    }

    public var form: Form
    /// `nil`: `text/plain` for text, `application/json` for JSON.
    public var contentType: String?
    public var omitsEmptyValues: Bool

    public init(_ form: Form, contentType: String? = nil, omitsEmptyValues: Bool = false) {
        self.form = form
        self.contentType = contentType
        self.omitsEmptyValues = omitsEmptyValues
    }
}

/// JSON whose strings are format strings.
public indirect enum FormatTree: Sendable, Equatable {
    case string(FormatString)
    case number(Double)
    case bool(Bool)
    case null
    case list([FormatTree])
    /// In the order in which it is written: by key.
    case object([Member])

    public struct Member: Sendable, Equatable {
        public var key: String
        public var value: FormatTree

        public init(key: String, value: FormatTree) {
            self.key = key
            self.value = value
        }
    }
}
