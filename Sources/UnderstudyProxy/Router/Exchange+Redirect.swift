// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Redirects of the primary that the proxy follows itself.

internal import NIOCore
internal import UnderstudyCore
internal import UnderstudyHTTP

extension Exchange {
    /// The answer is a redirect that the route lets the proxy follow, and a route takes what it leads to.
    func isFollowing(_ answer: borrowing ResponseHead) -> Bool {
        guard case .forward(let forward) = route?.action, let policy = forward.internalRedirects,
            policy.applies(to: answer.status), state.isRequestComplete,
            head.framing.isNone || retry.keepsBody && !retry.body.isIncomplete
        else { return false }
        guard let chain else { return false }
        worker.spareHead.copy(head)
        do throws(InternalRedirectRefusal) {
            try head.follow(answer, policy: policy, followed: redirects)
        } catch {
            refused(error)
            return false
        }
        random = worker.loop.nextRandom()
        guard let next = chain.routes.route(for: head, random: random, runtime: worker.runtime) else {
            head.copy(worker.spareHead)
            cluster?.shared.statistics.redirectsRefused.add()
            chain.statistics.redirectsWithoutRoute.add()
            return false
        }
        redirects += 1
        cluster?.shared.statistics.redirectsFollowed.add()
        // Envoy serves it as a request of its own.
        chain.statistics.requests.add()
        chain.statistics.routed.add()
        leavePrimary(answer)
        // Copies of the request before the redirect have no primary's answer to be compared with.
        ledgers.removeAll(keepingCapacity: true)
        freeBudget()
        route = next
        timers.clear(.route)
        timers.clear(.tryTotal)
        timers.clear(.tryIdle)
        timers.clear(.upstreamDuration)
        timers.clear(.streamIdle)
        take(next, chain)
        return true
    }

    private func refused(_ refusal: InternalRedirectRefusal) {
        cluster?.shared.statistics.redirectsRefused.add()
        guard let statistics = chain?.statistics else { return }
        switch refusal {
        case .noLocation, .badLocation: statistics.redirectsToNowhere.add()
        case .unsafeScheme: statistics.unsafeRedirects.add()
        case .tooMany: statistics.tooManyRedirects.add()
        }
    }
}
