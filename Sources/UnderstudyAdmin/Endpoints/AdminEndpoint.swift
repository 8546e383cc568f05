// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// One path of the admin server. The table of these is all that the help, the home page and the checks know.

internal import UnderstudyHTTP

struct AdminEndpoint: Sendable {
    struct Parameter: Sendable {
        enum Kind: Sendable, Equatable {
            case text
            /// Counts by being there, whatever its value.
            case flag
            case choice([String])
        }

        var name: String
        var help: String
        var kind = Kind.text
        /// Has a field on the home page.
        var isOffered = true

        /// As `/help` shows it.
        var helpLine: String {
            guard case .choice(let values) = kind else { return "      \(name): \(help)\n" }
            return "      \(name): \(help); One of (\(values.joined(separator: ", ")))\n"
        }
    }

    /// With its slash.
    var path: String
    var help: String
    /// Changes something, so that only POST is served.
    var isMutating = false
    var parameters: [Parameter] = []
    /// Takes names of the operator's own besides.
    var takesOtherParameters = false
    var answer: @Sendable (AdminRequest) async -> PlainAnswer

    /// As `/help` shows it.
    var helpText: String {
        "  \(path)\(isMutating ? " (POST)" : ""): \(help)\n" + parameters.map(\.helpLine).joined()
    }

    /// What is wrong with the parameters; `nil` if nothing is.
    func fault(in query: QueryParameters) -> String? {
        for given in query.all {
            guard let parameter = parameters.first(where: { $0.name == given.name }) else {
                if takesOtherParameters { continue }
                let names = parameters.isEmpty ? "none" : parameters.map(\.name).joined(separator: ", ")
                return "unknown parameter '\(Self.excerpt(given.name))' of \(path); accepted: \(names)\n"
            }
            if case .choice(let values) = parameter.kind, !values.contains(given.value) {
                let accepted = values.filter { !$0.isEmpty }.joined(separator: ", ")
                let found = Self.excerpt(given.value)
                return "unknown value '\(found)' of parameter \(given.name) of \(path); accepted: \(accepted)\n"
            }
        }
        return nil
    }

    /// Enough of a foreign text to recognise it, on one line.
    static func excerpt(_ text: String) -> String {
        let scalars = text.unicodeScalars
        return printable(String(scalars.prefix(64))) + (scalars.count > 64 ? "..." : "")
    }

    /// All of a foreign text, on one line.
    static func printable(_ text: String) -> String {
        let scalars = text.unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : $0 }
        return String(String.UnicodeScalarView(scalars))
    }
}

/// A request that has passed the checks.
struct AdminRequest: Sendable {
    var method = "GET"
    /// Of the query, or of the form in the body if there is none.
    var query = QueryParameters("")
}
