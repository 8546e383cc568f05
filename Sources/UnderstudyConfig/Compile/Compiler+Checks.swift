// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Rules that many fields share, with Envoy's words for breaking them.

import EnvoyAPI
import UnderstudyCore

extension Compiler {
    /// Reports that a text is missing or empty.
    mutating func requireText(_ text: String, _ field: String, in place: Place) {
        if text.isEmpty { require(field, in: place) }
    }

    /// Checks the name of a header, which the file has to give.
    mutating func requireHeaderName(_ name: String, _ field: String, in place: Place) {
        requireText(name, field, in: place)
        checkHeaderText(name, at: place.field(field))
    }

    mutating func checkSize(_ text: String, atMost limit: Int, at place: Place) {
        guard text.utf8.count > limit else { return }
        let rule = "value length must be at most \(limit) bytes"
        refuse(place, breaking: rule, found: "\(text.utf8.count) bytes")
    }

    mutating func checkCount(_ count: Int, atMost limit: Int, at place: Place) {
        guard count > limit else { return }
        refuse(place, breaking: "value must contain no more than \(limit) item(s)", found: "\(count) items")
    }

    mutating func checkPositive(_ duration: Duration, at place: Place) {
        guard duration <= .zero else { return }
        refuse(place, breaking: "value must be greater than 0s", found: "0s", accepted: "more than 0s")
    }

    /// Checks a count of KiB for a message's head.
    mutating func checkKilobytes(_ kilobytes: UInt32, at place: Place) {
        guard kilobytes == 0 || kilobytes > 8192 else { return }
        let rule = "value must be inside range (0, 8192]"
        refuse(place, breaking: rule, found: String(kilobytes), accepted: "1 to 8192")
    }

    /// Refuses a value that Envoy would heed and Understudy cannot.
    mutating func refuseUnsupported(_ isAsked: Bool, _ message: String, at place: Place, accepted: String) {
        if isAsked { refuse(place, message, kind: .unsupported, accepted: accepted) }
    }

    /// The share that a fraction stands for.
    mutating func compile(
        _ message: Envoy_Config_Core_V3_RuntimeFractionalPercent,
        at place: Place
    ) -> RuntimeFraction? {
        guard message.hasDefaultValue else {
            require("default_value", in: place)
            return nil
        }
        return RuntimeFraction(Fraction(message.defaultValue), key: message.runtimeKey)
    }
}

extension Fraction {
    init(_ message: Envoy_Type_V3_FractionalPercent) {
        let denominator: UInt32 =
            switch message.denominator {
            case .hundred, .UNRECOGNIZED: 100
            case .tenThousand: 10_000
            case .million: 1_000_000
            }
        self.init(numerator: message.numerator, denominator: denominator)
    }
}
