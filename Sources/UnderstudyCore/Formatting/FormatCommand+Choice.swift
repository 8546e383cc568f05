// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Commands that look at one place after another.

extension FormatCommand {
    /// Without TLS no name is requested, which leaves the Host where it is asked for.
    ///
    /// - Source: measured on Envoy 1.40.
    static func serverName(_ token: CommandToken) throws(FormatFault) -> FormatCommand {
        try token.require(argument: false, limit: false)
        let options = token.argumentText.split(separator: ":", omittingEmptySubsequences: false)
        let order = options.first ?? ""
        guard ["", "SNI_ONLY", "SNI_FIRST", "HOST_FIRST"].contains(order) else {
            throw serverNameFault(order, "'SNI_ONLY'/'SNI_FIRST'/'HOST_FIRST'")
        }
        let (host, original) = (Array("host".utf8), Array("x-envoy-original-host".utf8))
        let source: HeaderSource
        switch options.count > 1 ? options[1] : "" {
        case "", "ORIG_OR_HOST": source = HeaderSource(name: original, fallback: host, limit: nil)
        case "HOST": source = HeaderSource(name: host, fallback: [], limit: nil)
        case "ORIG": source = HeaderSource(name: original, fallback: [], limit: nil)
        case let other: throw serverNameFault(other, "'ORIG_OR_HOST'/'HOST'/'ORIG'")
        }
        return order.isEmpty || order == "SNI_ONLY" ? .absent : .requestHeader(source)
    }

    private static func serverNameFault(_ option: Substring, _ allowed: String) -> FormatFault {
        FormatFault(.invalid, "Invalid REQUESTED_SERVER_NAME option: '\(option)', only \(allowed) are allowed")
    }

    /// - Source: Envoy "COALESCE"; its words where it refuses the same, except for what is no JSON.
    static func coalesced(_ token: CommandToken) throws(FormatFault) -> FormatCommand {
        try token.require(argument: true, limit: true)
        guard let value = PlainJSON.parse(token.argument) else {
            throw coalesceFault("failed to parse JSON configuration: JSON supplied is not valid.")
        }
        guard case .object(let members) = value, let operators = members["operators"] else {
            throw coalesceFault("JSON configuration must contain 'operators' array")
        }
        guard case .list(let elements) = operators else { throw coalesceFault("'operators' must be an array") }
        guard !elements.isEmpty else { throw coalesceFault("'operators' array must not be empty") }
        var commands: [FormatCommand] = []
        for (index, element) in elements.enumerated() {
            do throws(FormatFault) {
                commands.append(try command(element))
            } catch {
                let message = "COALESCE: failed to parse operator at index \(index): \(error.message)"
                throw FormatFault(error.kind, message)
            }
        }
        return .coalesced(commands, limit: token.limit)
    }

    private static func coalesceFault(_ message: String) -> FormatFault {
        FormatFault(.invalid, "COALESCE: \(message)")
    }

    /// A name, or an object with a name, an argument and a length.
    private static func command(_ element: PlainJSON) throws(FormatFault) -> FormatCommand {
        switch element {
        case .string(let name): return try command(CommandToken(name: name, argument: [], limit: nil))
        case .object(let members):
            guard case .string(let name)? = members["command"] else {
                throw FormatFault(.invalid, "operator object must have 'command' field")
            }
            var argument: [UInt8] = []
            if let parameter = members["param"] {
                guard case .string(let text) = parameter else {
                    throw FormatFault(.invalid, "'param' field must be a string")
                }
                argument = Array(text.utf8)
            }
            return try command(CommandToken(name: name, argument: argument, limit: try limit(members["max_length"])))
        default:
            throw FormatFault(
                .invalid,
                "operator entry must be either a string (command name) or an object with 'command' field"
            )
        }
    }

    private static func command(_ token: CommandToken) throws(FormatFault) -> FormatCommand {
        if token.name == "ENVIRONMENT" {
            throw FormatFault(.unsupported, "%ENVIRONMENT% is not supported in COALESCE")
        }
        do throws(FormatFault) {
            return try FormatCommand(token)
        } catch {
            guard error.kind == .unknown else { throw error }
            throw FormatFault(.unknown, "unknown command: '\(token.name)'")
        }
    }

    private static func limit(_ value: PlainJSON?) throws(FormatFault) -> Int? {
        guard let value else { return nil }
        guard case .number(let text) = value, let number = Int(text) else {
            throw FormatFault(.invalid, "'max_length' field must be an integer")
        }
        guard number > 0 else { throw FormatFault(.invalid, "'max_length' must be a positive integer") }
        return number
    }
}

extension CommandToken {
    /// Without compression, the counts that Envoy has for what was decompressed are the same.
    var factName: String {
        for side in ["UPSTREAM_", "DOWNSTREAM_"] where name.hasPrefix(side + "DECOMPRESSED_HEADER_BYTES_") {
            return side + name.dropFirst(side.count + "DECOMPRESSED_".count)
        }
        return name
    }
}
