// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What of a name becomes a Prometheus label.
//
// Envoy cuts labels out of the finished names by patterns, most of which know only names without dots; of a cluster
// `a.b` the label is `a` and `b` stays in the metric's name. Dashboards have learned these names, so they are kept.

/// A label and its value.
public struct StatisticsLabel: Sendable, Equatable {
    public let name: String
    public let value: String

    public init(_ name: String, _ value: String) {
        self.name = name
        self.value = value
    }
}

/// A prefix without what became labels.
public struct LabelledPrefix: Sendable, Equatable {
    /// Envoy has no such names, so they do not begin with its own.
    public var isOurs = false
    /// With the dot or `_` at its end.
    public var rest: String
    /// In Envoy's order.
    public var labels: [StatisticsLabel]

    init(_ rest: String, _ labels: [StatisticsLabel] = []) {
        self.rest = rest
        self.labels = labels
    }

    /// A name that Envoy does not have.
    fileprivate init(ours rest: String, _ labels: [StatisticsLabel] = []) {
        self.init(rest, labels)
        isOurs = true
    }
}

extension StatisticsScope.Kind {
    public var labelled: LabelledPrefix {
        switch self {
        case .cluster(let name):
            let name = Cut(name)
            return LabelledPrefix("cluster.\(name.rest)", [StatisticsLabel("envoy_cluster_name", name.head)])
        case .healthCheck(let cluster, let name): return Self.healthCheck(Cut(cluster), Cut(name))
        case .connectionManager(let prefix):
            let prefix = Cut(prefix)
            return LabelledPrefix("http.\(prefix.rest)", [prefix.connectionManagerLabel])
        case .listener(let address):
            let address = Cut(listener: address)
            return LabelledPrefix("listener.\(address.rest)", address.listenerLabels)
        case .listenerWorker(let address, let worker): return Self.listenerWorker(Cut(listener: address), worker)
        case .listenerConnectionManager(let address, let prefix):
            let address = Cut(listener: address)
            let prefix = Cut(prefix)
            return LabelledPrefix(
                "listener.\(address.rest)http.\(prefix.rest)",
                [prefix.connectionManagerLabel] + address.listenerLabels
            )
        case .connectionLimit(let prefix):
            let prefix = Cut(prefix)
            let label = StatisticsLabel("envoy_connection_limit_prefix", prefix.head)
            return LabelledPrefix("connection_limit.\(prefix.rest)", [label])
        case .virtualCluster(let host, let name): return Self.virtualCluster(Cut(host), name)
        case .route(let host, let prefix): return Self.route(Cut(host), prefix)
        case .mirror(let key):
            let labels = [StatisticsLabel("route", key.route), StatisticsLabel("mirror", key.mirror)]
            return LabelledPrefix(ours: "mirror.", labels)
        case .part("mirrors"): return LabelledPrefix(ours: "mirrors.")
        case .worker(let part, let worker):
            return LabelledPrefix("\(part).worker_", [StatisticsLabel("envoy_worker_id", String(worker))])
        case .part(let name): return LabelledPrefix("\(name).")
        }
    }

    private static func healthCheck(_ cluster: Cut, _ name: Cut) -> LabelledPrefix {
        let label = StatisticsLabel("envoy_cluster_name", cluster.head)
        guard cluster.isWhole else {
            return LabelledPrefix("cluster.\(cluster.rest)health_check.name.\(name.head).\(name.rest)", [label])
        }
        let check = StatisticsLabel("envoy_health_check_name", name.head)
        return LabelledPrefix("cluster.health_check.\(name.rest)", [check, label])
    }

    private static func listenerWorker(_ address: Cut, _ worker: Int) -> LabelledPrefix {
        guard address.isWhole else {
            return LabelledPrefix("listener.\(address.rest)worker_\(worker).", address.listenerLabels)
        }
        let label = StatisticsLabel("envoy_worker_id", String(worker))
        return LabelledPrefix("listener.worker_", [label] + address.listenerLabels)
    }

    private static func virtualCluster(_ host: Cut, _ name: String) -> LabelledPrefix {
        let label = StatisticsLabel("envoy_virtual_host", host.head)
        guard host.isWhole else { return LabelledPrefix("vhost.\(host.rest)vcluster.\(clean(name)).", [label]) }
        let name = Cut(name)
        return LabelledPrefix(
            "vhost.vcluster.\(name.rest)",
            [StatisticsLabel("envoy_virtual_cluster", name.head), label]
        )
    }

    private static func route(_ host: Cut, _ prefix: String) -> LabelledPrefix {
        let label = StatisticsLabel("envoy_virtual_host", host.head)
        guard host.isWhole else { return LabelledPrefix("vhost.\(host.rest)route.\(clean(prefix)).", [label]) }
        let prefix = Cut(prefix)
        return LabelledPrefix("vhost.route.\(prefix.rest)", [label, StatisticsLabel("envoy_route", prefix.head)])
    }
}

/// A name up to its first dot, and what is behind it.
private struct Cut {
    var head: String
    /// Empty, or with a dot at its end.
    var rest = ""

    var isWhole: Bool { rest.isEmpty }

    init(_ name: String) {
        let name = StatisticsScope.Kind.clean(name)
        guard let dot = name.utf8.firstIndex(of: 0x2E) else {
            head = name
            return
        }
        head = String(name[..<dot])
        rest = "\(name[name.utf8.index(after: dot)...])."
    }

    /// An IP address with its port is whole in spite of its dots; the admin listener has no label.
    init(listener: String) {
        self.init(listener)
        let name = StatisticsScope.Kind.clean(listener)
        if name == "admin" { (head, rest) = ("", "admin.") }
        if Self.isAddress(name) { (head, rest) = (name, "") }
    }

    private static func isAddress(_ name: String) -> Bool {
        let isVersion6 = name.utf8.first == 0x5B
        return name.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x5F: true
            case 0x2E: !isVersion6
            case 0x5B, 0x5D, 0x41...0x46, 0x61...0x66: isVersion6
            default: false
            }
        }
    }

    var connectionManagerLabel: StatisticsLabel { StatisticsLabel("envoy_http_conn_manager_prefix", head) }

    var listenerLabels: [StatisticsLabel] {
        head.isEmpty ? [] : [StatisticsLabel("envoy_listener_address", head)]
    }
}

/// The name of a value without what became a label.
public struct LabelledName: Sendable, Equatable {
    public var rest: String
    public var label: StatisticsLabel?
    /// By how much a histogram's values are divided: ours are in seconds for Prometheus, as it advises.
    public var divisor = 1.0

    /// Of a value of a scope.
    public init(_ name: String, in kind: StatisticsScope.Kind) {
        guard case .mirror = kind else {
            self.init(name)
            return
        }
        self.init(ofMirror: name)
    }

    private init(ofMirror name: String) {
        let time = "time_seconds"
        switch name {
        case "requests": rest = "requests_total"
        case "primary_time_ms": (rest, label, divisor) = (time, StatisticsLabel("leg", "primary"), 1000)
        case "mirror_time_ms": (rest, label, divisor) = (time, StatisticsLabel("leg", "mirror"), 1000)
        case _ where name.hasPrefix("outcomes."):
            (rest, label) = ("outcomes_total", StatisticsLabel("outcome", String(name.dropFirst("outcomes.".count))))
        default: rest = name
        }
    }

    /// The response code.
    ///
    /// - Parameter name: Such as `upstream_rq_200` or `external.upstream_rq_2xx`.
    public init(_ name: String) {
        rest = name
        let tail = Array(name.utf8.suffix(7))
        guard tail.count == 7, tail.starts(with: [0x5F, 0x72, 0x71, 0x5F]) else { return }
        let code = tail.suffix(3)
        if code.allSatisfy({ (0x30...0x39).contains($0) }) {
            rest = String(name.dropLast(4))
            label = StatisticsLabel("envoy_response_code", String(decoding: code, as: UTF8.self))
        } else if let digit = code.first, (0x30...0x39).contains(digit), code.dropFirst().allSatisfy({ $0 == 0x78 }) {
            rest = String(name.dropLast(3)) + "xx"
            label = StatisticsLabel("envoy_response_code_class", String(UnicodeScalar(digit)))
        }
    }
}
