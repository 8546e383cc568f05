// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Which changes of header lines a configuration may ask for, and in which order levels are applied.

extension HeaderOperations {
    /// The levels of one exchange in the order in which they are applied; those that change nothing are left out.
    ///
    /// - Parameters:
    ///   - cluster: The weighted cluster that was picked; always first.
    ///   - mostSpecificWins: The route's comes last and so has the last word.
    /// - Source: measured on Envoy 1.40, the same for requests and answers.
    public static func levels(
        route: HeaderOperations,
        cluster: HeaderOperations?,
        virtualHost: HeaderOperations,
        configuration: HeaderOperations,
        mostSpecificWins: Bool
    ) -> [HeaderOperations] {
        let common =
            mostSpecificWins ? [configuration, virtualHost, route] : [route, virtualHost, configuration]
        return ([cluster].compactMap(\.self) + common).filter { $0.changesRequests || $0.changesResponses }
    }

    /// Why lines of this name may not be removed; `nil` if they may.
    public static func fault(removing name: String) -> FormatFault? {
        if let fault = HeaderRules.lengthFault(name) { return fault }
        guard !HeaderRules.isProtected(name) else {
            return FormatFault(.invalid, ":-prefixed or host headers may not be removed")
        }
        return nil
    }
}

extension HeaderAddition {
    /// Why a line of this name and with this unparsed value may not be added; `nil` if it may.
    public static func fault(name: String, value: String) -> FormatFault? {
        if let fault = HeaderRules.lengthFault(name) { return fault }
        guard value.utf8.count <= HeaderRules.maximumLength else { return HeaderRules.tooLong }
        guard !value.utf8.contains(where: HeaderRules.endsLine) else { return HeaderRules.endsLineFault }
        guard !HeaderRules.isProtected(name) else {
            return FormatFault(.invalid, ":-prefixed or host headers may not be modified")
        }
        guard HeaderToken.isName(name.utf8) else {
            return FormatFault(.invalid, "header name has a byte that is not allowed in one")
        }
        let bytes = Array(value.utf8)
        guard ByteScan.isFieldValue(bytes.span, 0..<bytes.count) else {
            return FormatFault(.invalid, "header value has a control byte")
        }
        switch HeaderName(name).known {
        case .contentLength, .transferEncoding:
            return FormatFault(.unsupported, "content-length and transfer-encoding follow the body")
        default: return nil
        }
    }
}

extension HeaderMutation {
    /// Why a mirror's copy may not lose lines of this name; `nil` if it may.
    ///
    /// - Source: measured on Envoy 1.40, which allows every name here, `host` included.
    public static func fault(removing name: String) -> FormatFault? {
        guard !name.utf8.contains(where: HeaderRules.endsLine) else { return HeaderRules.endsLineFault }
        return nil
    }
}

private enum HeaderRules {
    /// In bytes.
    ///
    /// Source: Envoy `HeaderValue`.
    static let maximumLength = 16_384

    static func lengthFault(_ name: String) -> FormatFault? {
        if name.isEmpty { return FormatFault(.invalid, "value length must be at least 1 characters") }
        if name.utf8.count > maximumLength { return tooLong }
        return name.utf8.contains(where: endsLine) ? endsLineFault : nil
    }

    static func isProtected(_ name: String) -> Bool {
        name.utf8.first == 0x3A || name.utf8.map(HeaderToken.lowercased) == Array("host".utf8)
    }

    static func endsLine(_ byte: UInt8) -> Bool {
        byte == 0 || byte == 0x0A || byte == 0x0D
    }

    static let tooLong = FormatFault(.invalid, "value length must be at most 16384 bytes")
    static let endsLineFault = FormatFault(.invalid, #"value does not match regex pattern "^[^\x00\n\r]*$""#)
}
