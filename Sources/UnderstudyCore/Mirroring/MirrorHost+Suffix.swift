// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Where `-shadow` goes in a Host.

extension MirrorHost {
    public static let suffix = Array("-shadow".utf8)

    /// The offset at which the suffix is inserted: before the last colon, unless a bracket closes behind it.
    ///
    /// - Source: `docs/differences-from-envoy.md` has none here; every form was measured on Envoy 1.40.
    public static func suffixOffset(in bytes: Span<UInt8>, host: Range<Int>) -> Int {
        var offset = host.upperBound
        while offset > host.lowerBound {
            offset -= 1
            if bytes[offset] == 0x5D { return host.upperBound }
            if bytes[offset] == 0x3A { return offset }
        }
        return host.upperBound
    }
}
