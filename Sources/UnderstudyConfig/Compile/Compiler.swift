// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Turns messages into the model. Every check that is more than "does the value fit the field" is made here, so that
// whatever delivers messages one day is checked alike.

import EnvoyAPI
import UnderstudyCore

/// Compiles one configuration.
///
/// The files beside this one each add a family of messages.
///
/// A function that returns `nil` has reported why.
struct Compiler {
    var log: DiagnosticLog
    /// The names of all clusters; `nil` if some are not known, so that no reference can be called wrong.
    var clusterNames: Set<String>? = []
    /// What the first connection manager with a block of our own says of mirrors.
    var mirroring: MirroringBlock?
    /// The names of the filters of the connection manager at hand, but for those that are skipped.
    var filterNames: Set<String> = []
    /// Those of them that buffer, in their order.
    var bufferFilters: [BufferFilter] = []
    /// Which of them has the block of our own.
    var mirroringFilter = Compiler.defaultMirroringFilter

    init(log: DiagnosticLog) {
        self.log = log
    }

    /// Reports a wrong value, unless it has been reported already.
    mutating func refuse(
        _ place: Place,
        _ message: String,
        kind: ConfigurationDiagnostic.Kind = .invalid,
        found: String? = nil,
        accepted: String? = nil,
        envoy: String? = nil,
        suggestion: String? = nil
    ) {
        guard !log.isFull, !log.hasFault(at: place.path) else { return }
        log.report(kind, at: place, message, found: found, accepted: accepted, envoy: envoy, suggestion: suggestion)
    }

    /// Reports a value that breaks a rule of Envoy's schema, in Envoy's words.
    mutating func refuse(_ place: Place, breaking rule: String, found: String? = nil, accepted: String? = nil) {
        refuse(place, rule, found: found, accepted: accepted, envoy: place.breaking(rule))
    }

    /// Reports that a message lacks a field, unless the field was there and has been refused.
    ///
    /// - Parameters:
    ///   - field: The field, or the choice of which one field has to be there.
    ///   - choice: The choice, if the field is the only one of it that is understood.
    ///   - message: What Envoy says, if the rule is not one of its schema.
    mutating func require(
        _ field: String,
        in place: Place,
        of choice: String? = nil,
        _ message: String? = nil,
        accepted: String? = nil
    ) {
        let path = place.field(field).path
        guard !log.isFull, !log.hasFaultyField(in: place.path), !log.hasFaultyField(in: path) else { return }
        log.report(
            .invalid,
            at: place.field(field),
            message ?? "\(field) is required",
            accepted: accepted,
            envoy: message == nil ? place.lacking(choice ?? field) : nil
        )
    }

    mutating func warn(_ place: Place, _ message: String) {
        log.report(.invalid, .warning, at: place, message)
    }

    /// Checks text that ends up in or beside a header.
    ///
    /// Source: Envoy's rule `^[^\x00\n\r]*$`.
    mutating func checkHeaderText(_ text: String, at place: Place) {
        guard !isHeaderText(text) else { return }
        let rule = #"value does not match regex pattern "^[^\x00\n\r]*$""#
        refuse(place, "value must not contain NUL, CR or LF", found: quoted(text), envoy: place.breaking(rule))
    }

    func isHeaderText(_ text: String) -> Bool {
        !text.utf8.contains { $0 == 0 || $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }
    }
}
