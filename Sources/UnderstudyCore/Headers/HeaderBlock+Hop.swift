// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What `connection` says of other fields (RFC 9110 section 7.6.1).

extension HeaderBlock {
    /// The elements of every `connection`, in lower case.
    var nominations: [[UInt8]] {
        var names: [[UInt8]] = []
        for line in lines where line.known == .connection { names += HeaderToken.list(bytes.span, line.value) }
        return names
    }

    /// Leaves of `connection`, where it goes on with an upgrade, only options of the connection itself.
    ///
    /// A field's name in it would make the next hop remove that field, such as the Host.
    mutating func removeNominations() {
        for index in lines.indices where lines[index].known == .connection {
            let elements = HeaderToken.list(bytes.span, lines[index].value)
            let options = elements.filter(Self.connectionOptions.contains)
            guard options.count < elements.count else { continue }
            setValue(at: index, to: Array(options.joined(separator: [0x2C, 0x20])))
        }
        removeLines { $0.known == .connection && $0.value.isEmpty }
    }

    private static let connectionOptions = [Array("upgrade".utf8), Array("keep-alive".utf8), Array("close".utf8)]
}
