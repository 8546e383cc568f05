// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// A service as the command line names it.

internal import ArgumentParser
internal import NIOCore

/// `http://HOST[:PORT]`, with nothing behind it but perhaps a slash.
struct UpstreamURL: ExpressibleByArgument, Equatable {
    let host: String
    let port: Int

    var isAddress: Bool { (try? SocketAddress(ipAddress: host, port: port)) != nil }

    init?(argument: String) {
        guard argument.lowercased().hasPrefix("http://") else { return nil }
        var rest = argument.dropFirst("http://".count)
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        var port = "80"
        if let colon = rest.lastIndex(of: ":"), !rest[colon...].contains("]") {
            port = String(rest[rest.index(after: colon)...])
            rest = rest[..<colon]
        }
        if rest.hasPrefix("["), rest.hasSuffix("]") { rest = rest.dropFirst().dropLast() }
        let allowed = { (character: Character) in
            character.isASCII && (character.isLetter || character.isNumber || ".-_:".contains(character))
        }
        guard let number = Int(port), (1...65535).contains(number), !rest.isEmpty, rest.allSatisfy(allowed) else {
            return nil
        }
        host = String(rest)
        self.port = number
    }
}
