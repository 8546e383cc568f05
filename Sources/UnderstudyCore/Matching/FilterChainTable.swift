// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Which filter chain a connection gets.

/// The chains of a listener, arranged for choosing one.
///
/// One property after the other is looked up, and of each only what fits best is followed: nothing is tried twice. A
/// connection to a port that some chain names never gets a chain that names none, whatever else fits.
///
/// - Source: Envoy `FilterChainMatch`, whose order this is.
public struct FilterChainTable: Sendable {
    /// What is left of the chains after some properties, by the next one.
    ///
    /// The numbers are those of further steps; after the last property, of chains.
    struct Step: Sendable {
        var exact: [FilterChainKey: Int] = [:]
        var ranges = AddressTable()
        /// For what nothing above fits.
        var rest: Int?
    }

    private let steps: [Step]
    private let first: Int
    private let standard: Int?

    public init(_ listener: Listener) {
        var builder = FilterChainBuilder(listener.filterChains.map(\.match))
        first = builder.step(.destinationPort, chains: Array(listener.filterChains.indices))
        steps = builder.steps
        standard = listener.defaultFilterChain == nil ? nil : listener.filterChains.count
    }

    /// The number of the chain in `Listener.allFilterChains`; `nil` if there is none for it.
    public func chain(for facts: ConnectionFacts) -> Int? {
        var number = first
        for property in FilterChainProperty.allCases {
            guard let next = steps[number].next(property, facts) else { return standard }
            number = next
        }
        return number
    }
}

extension FilterChainTable.Step {
    fileprivate func next(_ property: FilterChainProperty, _ facts: ConnectionFacts) -> Int? {
        switch property {
        case .destinationPort: exact[.port(facts.destinationPort)] ?? rest
        case .destination: ranges[facts.destination] ?? rest
        case .serverName: named(facts.serverName) ?? rest
        case .transportProtocol: exact[.text(facts.isTLS ? "tls" : "raw_buffer")] ?? rest
        case .applicationProtocol: offered(facts.applicationProtocols) ?? rest
        case .directSource, .source: ranges[facts.source] ?? rest
        case .sourceType: exact[.source(facts.isSameHost ? .sameHost : .external)] ?? rest
        case .sourcePort: exact[.port(facts.sourcePort)] ?? rest
        }
    }

    /// The very name, or else the longest end of it that begins with a dot.
    private func named(_ name: String) -> Int? {
        guard !exact.isEmpty, !name.isEmpty else { return nil }
        if let step = exact[.text(name)] { return step }
        var end = name.dropFirst()[...]
        while let dot = end.firstIndex(of: ".") {
            if let step = exact[.text("*" + end[dot...])] { return step }
            end = end[dot...].dropFirst()
        }
        return nil
    }

    /// The first that any chain names.
    private func offered(_ protocols: [String]) -> Int? {
        guard !exact.isEmpty else { return nil }
        return protocols.lazy.compactMap { exact[.text($0)] }.first
    }
}
