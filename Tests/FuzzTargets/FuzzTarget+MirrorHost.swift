// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
// Where the suffix goes: taken out again, the old Host is left.

internal import TestSupport
internal import UnderstudyCore

extension FuzzTarget {
    package static let mirrorHost = FuzzTarget(name: "mirror-host", check: checkHost, generate: makeHost)

    private static func checkHost(_ bytes: [UInt8]) -> Verdict {
        var verdict = Verdict()
        verdict.isAccepted = HostSyntax.isValid(bytes.span, 0..<bytes.count)
        let offset = MirrorHost.suffixOffset(in: bytes.span, host: 0..<bytes.count)
        guard (0...bytes.count).contains(offset) else {
            verdict.expect(false, "the suffix at \(offset) of \(bytes.quoted)")
            return verdict
        }
        verdict.expect(offset == suffixOffset(bytes), "the suffix at \(offset) of \(bytes.quoted)")
        let around = Array("]:[".utf8) + bytes + Array("]:9".utf8)
        let shifted = MirrorHost.suffixOffset(in: around.span, host: 3..<3 + bytes.count)
        verdict.expect(shifted == offset + 3, "neighbours move the suffix of \(bytes.quoted)")
        guard verdict.isAccepted else { return verdict }
        // The port stays the port, and what is no port has none afterwards.
        let port = bytes[offset...]
        verdict.expect(port.isEmpty || port.first == 0x3A, "a port of \(bytes.quoted)")
        verdict.expect(port.dropFirst().allSatisfy { (0x30...0x39).contains($0) }, "a port of \(bytes.quoted)")
        return verdict
    }

    /// In other words: the last colon, if no bracket closes behind it.
    private static func suffixOffset(_ host: [UInt8]) -> Int {
        guard let colon = host.lastIndex(of: 0x3A) else { return host.count }
        return host[colon...].contains(0x5D) ? host.count : colon
    }

    /// Whether one is the other with the suffix put in somewhere.
    static func isSuffixed(_ mirrored: String, _ host: String) -> Bool {
        let (mirrored, host, suffix) = (Array(mirrored.utf8), Array(host.utf8), MirrorHost.suffix)
        guard mirrored.count == host.count + suffix.count else { return false }
        return (0...host.count).contains { host[..<$0] + suffix + host[$0...] == mirrored[...] }
    }

    private static func makeHost(_ dice: inout SeededGenerator) -> [UInt8] {
        let pieces = ["h", "example.com", ":", ":80", "[", "]", "[::1]", "-shadow", "1.2.3.4", "@", "", ".", "%", "_"]
        return Array(dice.text(pieces, below: 6).utf8) + (dice.chance(percent: 5) ? dice.bytes(below: 5) : [])
    }
}
