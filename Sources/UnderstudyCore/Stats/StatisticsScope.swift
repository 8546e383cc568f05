// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The numbers of one part of the proxy, for whoever shows them.

/// Whoever has numbers to show.
public protocol StatisticsSource: Sendable {
    /// All numbers as they are now, in no particular order.
    func statistics() -> [StatisticsScope]
    /// The proxy takes new requests.
    var isReady: Bool { get }
}

/// Numbers under one prefix, so that no full name is built for each.
///
/// Names inside a scope are Envoy's and may have dots, as `circuit_breakers.default.cx_open`. Literals cost nothing.
public struct StatisticsScope: Sendable {
    public let kind: Kind
    public private(set) var values: [Value] = []
    private var counters: [Counter] = []
    private var histograms: [Histogram] = []

    /// Which part, and with it the prefix and the Prometheus labels.
    public enum Kind: Sendable, Hashable {
        /// `cluster.<name>.`; give `alt_stat_name` if the cluster has one.
        case cluster(String)
        /// `cluster.<name>.health_check.name.<name>.`, one for each checker that has a name.
        case healthCheck(cluster: String, name: String)
        /// `http.<stat_prefix>.`; also `async-client` and `admin`.
        case connectionManager(String)
        /// `listener.<address>.`; give `stat_prefix` if the listener has one, and `admin` for the admin listener.
        case listener(String)
        /// `listener.<address>.worker_<number>.`
        case listenerWorker(String, Int)
        /// `listener.<address>.http.<stat_prefix>.`
        case listenerConnectionManager(String, statPrefix: String)
        /// `connection_limit.<stat_prefix>.`
        case connectionLimit(String)
        /// `vhost.<virtual host>.vcluster.<name>.`
        case virtualCluster(virtualHost: String, name: String)
        /// `vhost.<virtual host>.route.<stat_prefix>.`
        case route(virtualHost: String, statPrefix: String)
        /// `mirror.<route>.<mirror>.`: what became of copies; for Prometheus `understudy_mirror_`.
        case mirror(MirrorKey)
        /// `<part>.worker_<number>.`, such as `listener_manager` and `server`.
        case worker(String, Int)
        /// `<part>.`, such as `server`, `listener_manager`, `cluster_manager`, `runtime` and `filesystem`.
        case part(String)
    }

    public struct Value: Sendable {
        /// Without the prefix.
        public let name: String
        public var number: Number
        /// Was ever changed since the start, as `usedonly` asks.
        public var isUsed: Bool
    }

    public enum Number: Sendable {
        case counter(UInt64)
        case gauge(UInt64)
        case text(String)
        case histogram(HistogramReading)
    }

    public init(_ kind: Kind) {
        self.kind = kind
    }

    public mutating func reserveCapacity(_ count: Int) {
        values.reserveCapacity(count)
    }

    public mutating func counter(_ name: String, _ counter: Counter) {
        counters.append(counter)
        values.append(Value(name: name, number: .counter(counter.current), isUsed: counter.isUsed))
    }

    /// Ends an interval of every histogram.
    public func takeIntervals() {
        for histogram in histograms { histogram.takeInterval() }
    }

    /// Sets the counters of the scope back to zero.
    public func resetCounters() {
        for counter in counters { counter.reset() }
    }

    /// - Parameter isUsed: Whether it was ever changed; unless given, whether it is not zero.
    public mutating func counter(_ name: String, _ value: UInt64, isUsed: Bool? = nil) {
        values.append(Value(name: name, number: .counter(value), isUsed: isUsed ?? (value != 0)))
    }

    /// A gauge below zero, which only a race can show, counts as zero.
    public mutating func gauge(_ name: String, _ gauge: Gauge) {
        values.append(Value(name: name, number: .gauge(UInt64(max(0, gauge.current))), isUsed: gauge.isUsed))
    }

    public mutating func gauge(_ name: String, _ value: UInt64, isUsed: Bool = true) {
        values.append(Value(name: name, number: .gauge(value), isUsed: isUsed))
    }

    public mutating func text(_ name: String, _ text: String, isUsed: Bool = true) {
        values.append(Value(name: name, number: .text(text), isUsed: isUsed))
    }

    public mutating func histogram(_ name: String, _ histogram: Histogram) {
        histograms.append(histogram)
        self.histogram(name, histogram.reading)
    }

    public mutating func histogram(_ name: String, _ reading: HistogramReading) {
        values.append(Value(name: name, number: .histogram(reading), isUsed: reading.isUsed))
    }

    public mutating func removeAll(where isUnwanted: (Value) -> Bool) {
        values.removeAll(where: isUnwanted)
    }

    /// Adds the values of another scope of the same prefix, as Envoy does when two parts count under one name.
    public mutating func add(_ other: StatisticsScope) {
        var places: [String: Int] = [:]
        for (place, value) in values.enumerated() { places[value.name] = place }
        for value in other.values {
            guard let place = places[value.name] else {
                values.append(value)
                continue
            }
            values[place].number.add(value.number)
            values[place].isUsed = values[place].isUsed || value.isUsed
        }
    }

    /// Counters and gauges under their whole names, for tests and small lists.
    public var statistics: [Statistic] {
        values.compactMap { value in
            switch value.number {
            case .counter(let number), .gauge(let number): Statistic(kind.prefix + value.name, number)
            case .text, .histogram: nil
            }
        }
    }
}

extension StatisticsScope.Number {
    /// Numbers of different kinds do not add; the first stays.
    fileprivate mutating func add(_ other: Self) {
        switch (self, other) {
        case (.counter(let left), .counter(let right)): self = .counter(left &+ right)
        case (.gauge(let left), .gauge(let right)): self = .gauge(left &+ right)
        case (.histogram(var left), .histogram(let right)):
            left.add(right)
            self = .histogram(left)
        default: break
        }
    }
}
