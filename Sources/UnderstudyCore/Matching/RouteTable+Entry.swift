// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// One route, with everything resolved that the configuration decides.

extension RouteTable {
    /// What a matched route wants.
    ///
    /// A class, so that handing one out costs a reference and not a copy.
    public final class Entry: Sendable {
        public enum Action: Sendable {
            case forward(Forward)
            case redirect(Redirection)
            case direct(DirectResponse)
            case none
        }

        public let matcher: RouteMatcher
        public let action: Action
        /// Empty if the file gives none.
        public let name: [UInt8]
        public let virtualHostName: [UInt8]
        /// Those that change requests, in the order of their application.
        public let requestLevels: [HeaderOperations]
        /// Those that change answers, in the order of their application.
        public let responseLevels: [HeaderOperations]
        public let countsAttemptsInRequest: Bool
        public let countsAttemptsInResponse: Bool
        public let marksTimeoutRetries: Bool
        /// A destination may have another.
        public let buffering: BodyBuffering
        private let upgrades: UpgradeTable

        /// - Parameter number: Its place among the routes of its virtual host.
        init(_ route: Route, _ context: Context, number: Int) {
            matcher = RouteMatcher(route.match, ignoresParameters: context.configuration.ignoresPathParameters)
            var routeUpgrades: [String: UpgradePolicy] = [:]
            switch route.action {
            case .forward(let action):
                routeUpgrades = action.upgrades
                let label = route.name.isEmpty ? "\(context.virtualHost.name)[\(number)]" : route.name
                self.action = .forward(
                    Forward(
                        action,
                        matcher: matcher.path,
                        clusters: context.clusters,
                        route: label,
                        catalogue: context.catalogue
                    )
                )
            case .redirect(let action): self.action = .redirect(Redirection(action, matcher: matcher.path))
            case .direct(let response): action = .direct(response)
            case .none: action = .none
            }
            name = Array(route.name.utf8)
            virtualHostName = Array(context.virtualHost.name.utf8)
            let levels = context.levels(of: route)
            requestLevels = levels.filter(\.changesRequests)
            responseLevels = levels.filter(\.changesResponses)
            countsAttemptsInRequest = context.virtualHost.countsAttemptsInRequest
            countsAttemptsInResponse = context.virtualHost.countsAttemptsInResponse
            marksTimeoutRetries = context.virtualHost.marksTimeoutRetries
            buffering = route.buffering
            upgrades = UpgradeTable(context.upgrades, overriddenBy: routeUpgrades)
        }

        /// The answer to a request that should have come by TLS; nothing is added to it.
        init(toHTTPS context: Context) {
            matcher = RouteMatcher(RouteMatch(path: .prefix("")))
            action = .redirect(.toHTTPS)
            name = []
            virtualHostName = Array(context.virtualHost.name.utf8)
            requestLevels = []
            responseLevels = []
            countsAttemptsInRequest = false
            countsAttemptsInResponse = false
            marksTimeoutRetries = false
            buffering = context.buffering
            upgrades = UpgradeTable(context.upgrades, overriddenBy: [:])
        }

        /// The policy for what the request asks to change to; `nil` if that is not allowed here.
        public func upgradePolicy(for head: borrowing RequestHead) -> UpgradePolicy? {
            let bytes = head.headers.bytes.span
            if head.method == .connect { return upgrades.policy(bytes, head.methodName) }
            guard let line = head.headers.firstIndex(of: .upgrade) else { return nil }
            return upgrades.policy(bytes, head.headers.lines[line].value)
        }

        /// The policy for an upgrade of this type, in any case; `nil` if it is not allowed here.
        public func upgradePolicy(_ bytes: Span<UInt8>, _ type: Range<Int>) -> UpgradePolicy? {
            upgrades.policy(bytes, type)
        }

        /// The `location` that Envoy adds to a direct response of 201 or 3xx.
        public func directLocation(for head: borrowing RequestHead) -> [UInt8]? {
            guard case .direct(let response) = action else { return nil }
            guard response.status == 201 || (300..<400).contains(response.status) else { return nil }
            return Redirection.toItself.location(for: head)
        }

        /// What surrounds a route in the configuration.
        struct Context {
            let configuration: RouteConfiguration
            let virtualHost: VirtualHost
            let clusters: NameTable
            let upgrades: [String: UpgradePolicy]
            let catalogue: MirrorCatalogue
            /// Of requests that no route of the configuration takes.
            let buffering: BodyBuffering

            /// - Source: Envoy `most_specific_header_mutations_wins`: what is applied later wins.
            func levels(of route: Route) -> [HeaderOperations] {
                let fromTheRoute = [route.headers, virtualHost.headers, configuration.headers]
                return configuration.mostSpecificHeadersWin ? fromTheRoute.reversed() : fromTheRoute
            }
        }
    }
}

/// The upgrades that are allowed on one route.
struct UpgradeTable: Sendable {
    private let allowed: [(type: [UInt8], policy: UpgradePolicy)]

    /// - Source: Envoy `RouteAction.UpgradeConfig`: what the route says of a type replaces what the connection manager
    ///   says of it.
    init(_ general: [String: UpgradePolicy], overriddenBy own: [String: UpgradePolicy]) {
        let merged = general.merging(own) { $1 }
        allowed = merged.filter(\.value.isEnabled).sorted { $0.key < $1.key }.map { type, policy in
            (type.utf8.map(HeaderToken.lowercased), policy)
        }
    }

    func policy(_ bytes: Span<UInt8>, _ type: Range<Int>) -> UpgradePolicy? {
        for (name, policy) in allowed where name.count == type.count {
            var isSame = true
            for index in name.indices where HeaderToken.lowercased(bytes[type.lowerBound + index]) != name[index] {
                isSame = false
            }
            if isSame { return policy }
        }
        return nil
    }
}
