// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// From the head of a request to the route that serves it, or to the proxy's own answer.

internal import NIOCore
internal import UnderstudyCore
internal import UnderstudyHTTP

extension Exchange {
    /// Settles the head, finds the route and takes it.
    func admit() {
        guard let listener else { return }
        startStreamTimers(listener)
        if head.expectsContinue { answerExpectation(listener) }
        guard settleTarget(listener), sanitise(listener) else { return }
        if !listener.healthChecks.isEmpty, isHealthCheck(listener) { return }
        takeRoute()
    }

    /// - Returns: Whether the request is a health check that the proxy has answered itself.
    private func isHealthCheck(_ listener: SharedListener) -> Bool {
        health = listener.healthChecks.decide(
            head,
            isFailing: worker.drains.isHealthCheckFailing,
            now: Int64(NIODeadline.now().uptimeNanoseconds)
        ) { [serving] in serving?.shared.membership($0) }
        guard let reply = health.reply else { return false }
        // Its body may still be on the way, and the connection is good for more after it.
        if state.request == .complete { answer(reply.draft) } else { awaitedReply = reply.draft }
        return true
    }

    private func answerExpectation(_ listener: SharedListener) {
        if listener.proxiesContinue {
            // Then it is the primary's to answer.
            head.expectsContinue = false
        } else {
            stream?.sendContinue()
        }
    }

    /// Path and Host in the form that the configuration wants them.
    ///
    /// - Returns: Whether the request goes on; otherwise it has been answered.
    private func settleTarget(_ listener: SharedListener) -> Bool {
        if listener.changesPaths {
            switch head.normalisePath(listener.pathOptions) {
            case .unchanged, .changed: break
            case .reject:
                answer(.pathRefused, closing: true)
                return false
            case .redirect:
                answerPathRedirect()
                return false
            }
        }
        if listener.changesHosts {
            connectPort = head.settleHost(listener.hostOptions, listenerPort: client?.localPort ?? 0)
        }
        return true
    }

    private func sanitise(_ listener: SharedListener) -> Bool {
        guard let client else { return false }
        do throws(RequestHead.Refusal) {
            origin = try head.sanitise(
                listener.forwarding,
                peer: client.peer,
                requestID: RequestID(worker.loop.nextRandom(), worker.loop.nextRandom())
            )
            return true
        } catch {
            answer(.badRequest, closing: true)
            return false
        }
    }

    /// Finds the route for the head as it stands, and takes it.
    func takeRoute() {
        guard let listener else { return }
        random = worker.loop.nextRandom()
        guard !origin.lacksScheme,
            let route = listener.routes.route(for: head, random: random, runtime: worker.runtime)
        else {
            listener.statistics.withoutRoute.add()
            return answer(.routeNotFound, closing: head.method == .connect)
        }
        self.route = route
        guard admitUpgrade(route) else {
            listener.statistics.refusedUpgrades.add()
            return answer(.upgradeNotEnabled, closing: true)
        }
        take(route)
    }

    func take(_ route: RouteTable.Entry) {
        switch route.action {
        case .forward(let forward): send(forward)
        case .redirect(let redirection): answer(redirection)
        case .direct(let response): answer(response)
        case .none: answer(.noForwarding, closing: false)
        }
    }

    /// Whether the request asks for no other protocol, or for one that the route allows.
    private func admitUpgrade(_ route: RouteTable.Entry) -> Bool {
        guard head.asksForUpgrade || head.method == .connect else { return true }
        guard let policy = route.upgradePolicy(for: head), policy.isEnabled else { return false }
        isTunnel = true
        terminatesConnect = policy.terminatesConnect && head.method == .connect
        stream?.becomeTunnel()
        return true
    }
}
