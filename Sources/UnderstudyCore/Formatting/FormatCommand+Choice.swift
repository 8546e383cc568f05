// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Commands that look at one place after another.

extension FormatCommand {
    /// The name that a client asks for by SNI, which without TLS is none, or in its stead the Host.
    ///
    /// - Source: measured on Envoy 1.40.
    public struct RequestedServerName: Sendable, Equatable {
        enum Order: Sendable, Equatable { case nameOnly, nameFirst, hostFirst }

        let order: Order
        let host: HeaderSource
    }
}

extension FormatCommand.RequestedServerName {
    init(_ token: CommandToken) throws(FormatFault) {
        try token.require(argument: false, limit: false)
        let options = token.argumentText.split(separator: ":", omittingEmptySubsequences: false)
        switch options.first ?? "" {
        case "", "SNI_ONLY": order = .nameOnly
        case "SNI_FIRST": order = .nameFirst
        case "HOST_FIRST": order = .hostFirst
        case let other: throw Self.fault(other, "'SNI_ONLY'/'SNI_FIRST'/'HOST_FIRST'")
        }
        let (host, original) = (Array("host".utf8), Array("x-envoy-original-host".utf8))
        switch options.count > 1 ? options[1] : "" {
        case "", "ORIG_OR_HOST": self.host = FormatCommand.HeaderSource(name: original, fallback: host, limit: nil)
        case "HOST": self.host = FormatCommand.HeaderSource(name: host, fallback: [], limit: nil)
        case "ORIG": self.host = FormatCommand.HeaderSource(name: original, fallback: [], limit: nil)
        case let other: throw Self.fault(other, "'ORIG_OR_HOST'/'HOST'/'ORIG'")
        }
    }

    func append(to bytes: inout [UInt8], _ request: borrowing RequestHead, _ tls: TLSPeer?) -> Bool {
        switch order {
        case .nameOnly: Self.append(to: &bytes, tls)
        case .nameFirst: Self.append(to: &bytes, tls) || append(hostTo: &bytes, request)
        case .hostFirst: append(hostTo: &bytes, request) || Self.append(to: &bytes, tls)
        }
    }

    private func append(hostTo bytes: inout [UInt8], _ request: borrowing RequestHead) -> Bool {
        request.append(host.name, to: &bytes) || request.append(host.fallback, to: &bytes)
    }

    private static func append(to bytes: inout [UInt8], _ tls: TLSPeer?) -> Bool {
        guard let tls, !tls.serverName.isEmpty else { return false }
        bytes.append(contentsOf: tls.serverName)
        return true
    }

    private static func fault(_ option: Substring, _ allowed: String) -> FormatFault {
        FormatFault(.invalid, "Invalid REQUESTED_SERVER_NAME option: '\(option)', only \(allowed) are allowed")
    }
}

extension FormatCommand {
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
