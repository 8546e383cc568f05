// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// Requests that go nowhere before their body is here.

internal import NIOCore
internal import UnderstudyCore
internal import UnderstudyHTTP

/// Where a request stands that waits for its body.
enum BodyWaiting {
    case none
    /// Nothing has been sent to anybody yet; what came is kept in `RetryProgress.body`.
    case waits
    /// The body is here, and is sent from what was kept.
    case hasWaited
}

extension Exchange {
    /// The body is sent from what was kept of it, and not as it comes.
    var sendsKeptBody: Bool { redirects > 0 || waiting == .hasWaited }

    /// Whether a health check waits for its body, too.
    func buffersFirst(_ chain: SharedChain) -> Bool {
        chain.buffersBeforeHealthChecks && !state.isRequestComplete
    }

    /// - Returns: Whether the request waits for its body, or has been answered.
    func waitsForBody(_ chain: SharedChain) -> Bool {
        // Without a route nothing is changed to, so nothing that follows the head is read as a body.
        if route == nil, head.asksForUpgrade || head.method.isConnect { return false }
        guard case .upTo(let bytes) = buffering(chain) else {
            return chain.buffersBeforeHealthChecks && !chain.healthChecks.isEmpty && isHealthCheck(chain)
        }
        waiting = .waits
        retry.keepBody(limit: bytes)
        if case .forward(let forward) = route?.action { settleStreamTimeouts(forward) }
        // A tunnel that waits is watched by nobody else: its bytes have no end that would send it on.
        if isTunnel, let idle = timeouts.streamIdle {
            timers.set(.streamIdle, at: (worker.loop.now + idle).uptimeNanoseconds)
            arm()
        }
        return true
    }

    private func buffering(_ chain: SharedChain) -> BodyBuffering {
        guard let route else { return chain.buffering }
        guard case .forward(let forward) = route.action, forward.differsInBuffering else { return route.buffering }
        return destination(forward).buffering ?? route.buffering
    }

    /// More of the body came than may wait.
    ///
    /// - Source: measured on Envoy 1.40, which refuses at the first byte too many, whatever `content-length` said.
    func refuseBody() {
        chain?.statistics.tooLargeRequests.add()
        answer(.bodyTooLarge, closing: true)
    }

    /// All of the request is here: it goes on as if it had come in one piece.
    ///
    /// - Source: measured on Envoy 1.40, where the length takes the place of chunks, and trailers are lost with them.
    func bodyArrived() {
        guard let chain else { return }
        waiting = .hasWaited
        if case .chunked = head.framing {
            head.framing = bodyBytes > 0 ? .length(bodyBytes) : .none
            head.headers.add("content-length", decimal: bodyBytes, known: .contentLength)
        }
        if chain.buffersBeforeHealthChecks, !chain.healthChecks.isEmpty, isHealthCheck(chain) { return }
        goOn(chain)
    }

    /// Where the request is to go once its body is here.
    var awaitedCluster: WorkerCluster? {
        guard waiting == .waits, case .forward(let forward) = route?.action else { return nil }
        return index(of: destination(forward).cluster).flatMap { serving?.clusters[$0] }
    }

    /// The request ended while it waited: no mirror gets a copy of what no primary has seen.
    func skipMirrorsOfUnsent() {
        guard case .forward(let forward) = route?.action else { return }
        skipMirrors(forward, index(of: destination(forward).cluster))
    }
}
