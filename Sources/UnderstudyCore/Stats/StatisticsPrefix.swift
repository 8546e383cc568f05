// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Where a scope stands in Envoy's hierarchy of names.

extension StatisticsScope.Kind {
    /// With the dot at its end.
    public var prefix: String {
        switch self {
        case .cluster(let name): "cluster.\(Self.clean(name))."
        case .healthCheck(let cluster, let name):
            "cluster.\(Self.clean(cluster)).health_check.name.\(Self.clean(name))."
        case .connectionManager(let prefix): "http.\(Self.clean(prefix))."
        case .listener(let address): "listener.\(Self.clean(address))."
        case .listenerWorker(let address, let worker): "listener.\(Self.clean(address)).worker_\(worker)."
        case .listenerConnectionManager(let address, let prefix):
            "listener.\(Self.clean(address)).http.\(Self.clean(prefix))."
        case .connectionLimit(let prefix): "connection_limit.\(Self.clean(prefix))."
        case .virtualCluster(let host, let name): "vhost.\(Self.clean(host)).vcluster.\(Self.clean(name))."
        case .route(let host, let prefix): "vhost.\(Self.clean(host)).route.\(Self.clean(prefix))."
        case .mirror(let key): "mirror.\(Self.cleanLine(key.route)).\(Self.cleanLine(key.mirror))."
        case .worker(let part, let worker): "\(part).worker_\(worker)."
        case .part(let name): "\(name)."
        }
    }

    /// What a name from the configuration looks like within the name of a statistic.
    static func clean(_ name: String) -> String {
        guard name.utf8.contains(where: { $0 == 0x3A || $0 == 0 }) else { return name }
        return String(decoding: name.utf8.map { $0 == 0x3A || $0 == 0 ? 0x5F : $0 }, as: UTF8.self)
    }

    /// The same of a name that may have anything in it, so that no line of text breaks.
    private static func cleanLine(_ name: String) -> String {
        let name = clean(name)
        guard name.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else { return name }
        return String(decoding: name.utf8.map { $0 < 0x20 || $0 == 0x7F ? 0x5F : $0 }, as: UTF8.self)
    }
}
