// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// How the proxy's own answers are changed before they are sent.

/// Source: Envoy `LocalReplyConfig`.
package struct LocalReplyOptions: Sendable, Equatable {
    /// The first whose filter matches is applied.
    package var mappers: [LocalReplyMapper] = []
    /// For replies whose mapper has none of its own; `nil` leaves the text as it is.
    package var format: BodyFormat?

    package init() {}

    package var changesNothing: Bool { mappers.isEmpty && format == nil }
}

/// Source: Envoy `ResponseMapper`.
package struct LocalReplyMapper: Sendable, Equatable {
    package var filter: AccessLogFilter
    package var status: Int?
    package var body: [UInt8]?
    package var format: BodyFormat?
    package var headers: [HeaderAddition] = []

    package init(filter: AccessLogFilter) {
        self.filter = filter
    }
}

/// How a body is made.
///
/// Source: Envoy `SubstitutionFormatString`.
package struct BodyFormat: Sendable, Equatable {
    package enum Form: Sendable, Equatable {
        case text(FormatString)
        case json(FormatTree)
    }

    package var form: Form
    /// `nil`: `text/plain` for text, `application/json` for JSON.
    package var contentType: String?
    package var omitsEmptyValues: Bool

    package init(_ form: Form, contentType: String? = nil, omitsEmptyValues: Bool = false) {
        self.form = form
        self.contentType = contentType
        self.omitsEmptyValues = omitsEmptyValues
    }
}

/// JSON whose strings are format strings.
package indirect enum FormatTree: Sendable, Equatable {
    case string(FormatString)
    case number(Double)
    case bool(Bool)
    case null
    case list([FormatTree])
    /// In the order in which it is written: by key.
    case object([Member])

    package struct Member: Sendable, Equatable {
        package var key: String
        package var value: FormatTree

        package init(key: String, value: FormatTree) {
            self.key = key
            self.value = value
        }
    }
}
