// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// From the head of a request to the route that serves it, or to the proxy's own answer.

internal import NIOCore
internal import UnderstudyCore
internal import UnderstudyHTTP

extension Exchange {
    /// Settles the head, finds the route and takes it.
    func admit(_ chain: SharedChain) {
        startStreamTimers(chain)
        if refusesForOverload(chain) { return }
        if head.expectsContinue { answerExpectation(chain) }
        guard settleTarget(chain) else { return }
        if let trust = chain.mirrorTrust, let client {
            standing = head.settleMirrorTrust(trust, peer: client.peer)
        }
        guard sanitise(chain) else { return }
        if !chain.healthChecks.isEmpty, !buffersFirst(chain), isHealthCheck(chain) { return }
        takeRoute(chain)
    }

    /// - Source: measured on Envoy 1.40: the connection stays, unless the rest of the request is still to come.
    private func refusesForOverload(_ chain: SharedChain) -> Bool {
        guard worker.overload.contains(.stopsRequests), !chain.listener.configuration.bypassesOverload else {
            return false
        }
        chain.statistics.overloadCloses.add()
        answer(.overloaded, closing: false)
        return true
    }

    /// - Returns: Whether the request is a health check that the proxy has answered itself.
    func isHealthCheck(_ chain: SharedChain) -> Bool {
        health = chain.healthChecks.decide(
            head,
            isFailing: worker.drains.isHealthCheckFailing,
            now: Int64(worker.loop.now.uptimeNanoseconds)
        ) { [serving] in serving?.shared.membership($0) }
        guard let reply = health.reply else { return false }
        // Its body may still be on the way, and the connection is good for more after it.
        if state.isRequestComplete { answer(reply.draft) } else { awaitedReply = reply.draft }
        return true
    }

    private func answerExpectation(_ chain: SharedChain) {
        if chain.proxiesContinue {
            // Then it is the primary's to answer.
            head.expectsContinue = false
        } else {
            stream?.sendContinue()
        }
    }

    /// Path and Host in the form that the configuration wants them.
    ///
    /// - Returns: Whether the request goes on; otherwise it has been answered.
    private func settleTarget(_ chain: SharedChain) -> Bool {
        if chain.changesPaths {
            switch head.normalisePath(chain.pathOptions) {
            case .unchanged, .changed: break
            case .reject:
                answer(.pathRefused, closing: true)
                return false
            case .redirect:
                answerPathRedirect()
                return false
            }
        }
        if chain.changesHosts {
            connectPort = head.settleHost(chain.hostOptions, listenerPort: client?.localPort ?? 0)
        }
        return true
    }

    private func sanitise(_ chain: SharedChain) -> Bool {
        guard let client else { return false }
        let loop = worker.loop
        do throws(RequestHead.Refusal) {
            origin = try head.sanitise(
                chain.forwarding,
                peer: client.peer,
                requestID: RequestID(loop.nextRandom(), loop.nextRandom())
            )
            return true
        } catch {
            answer(.badRequest, closing: true)
            return false
        }
    }

    /// Finds the route for the head as it stands, and takes it.
    func takeRoute(_ chain: SharedChain) {
        let worker = self.worker
        let random = worker.loop.nextRandom()
        self.random = random
        if !origin.lacksScheme {
            route = head.lend { chain.routes.route(for: $0, random: random, runtime: worker.runtime) }
        }
        if let route, !admitUpgrade(route) {
            chain.statistics.refusedUpgrades.add()
            return answer(.upgradeNotEnabled, closing: true)
        }
        if !state.isRequestComplete, chain.buffering != .none, waitsForBody(chain) { return }
        goOn(chain)
    }

    /// Goes where the route says.
    func goOn(_ chain: SharedChain) {
        chain.statistics.routed.add()
        guard let route else {
            chain.statistics.withoutRoute.add()
            return answer(.routeNotFound, closing: head.method.isConnect)
        }
        take(route, chain)
    }

    func take(_ route: RouteTable.Entry, _ chain: SharedChain) {
        switch route.action {
        case .forward(let forward): send(forward, route, chain)
        case .redirect(let redirection): answer(redirection)
        case .direct(let response): answer(response)
        case .none: answer(.noForwarding, closing: false)
        }
    }

    /// Whether the request asks for no other protocol, or for one that the route allows.
    private func admitUpgrade(_ route: RouteTable.Entry) -> Bool {
        guard head.asksForUpgrade || head.method.isConnect else { return true }
        guard let policy = route.upgradePolicy(for: head), policy.isEnabled else { return false }
        isTunnel = true
        terminatesConnect = policy.terminatesConnect && head.method.isConnect
        stream?.becomeTunnel()
        return true
    }
}
