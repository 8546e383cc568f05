// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What a filter chain asks for, property by property.

/// In the order in which they are looked up.
enum FilterChainProperty: Int, CaseIterable {
    case destinationPort, destination, serverName, transportProtocol, applicationProtocol
    case directSource, sourceType, source, sourcePort
}

/// One thing that a chain asks for.
enum FilterChainKey: Sendable, Hashable {
    /// The chain asks for nothing in particular.
    case anything
    case port(UInt16)
    case text(String)
    case range(AddressRange)
    case source(FilterChainMatch.Source)
}

extension FilterChainMatch {
    /// Any of them will do.
    func keys(_ property: FilterChainProperty) -> [FilterChainKey] {
        let keys: [FilterChainKey] =
            switch property {
            case .destinationPort: destinationPort.map { [.port($0)] } ?? []
            case .destination: destinationRanges.map { .range($0.masked) }
            case .serverName: serverNames.map(Self.key)
            case .transportProtocol: [Self.key(transportProtocol)]
            case .applicationProtocol: applicationProtocols.map(Self.key)
            case .directSource: directSourceRanges.map { .range($0.masked) }
            case .sourceType: source == .any ? [] : [.source(source)]
            case .source: sourceRanges.map { .range($0.masked) }
            case .sourcePort: sourcePorts.map { .port($0) }
            }
        return keys.isEmpty ? [.anything] : keys
    }

    private static func key(_ text: String) -> FilterChainKey { text.isEmpty ? .anything : .text(text) }
}
