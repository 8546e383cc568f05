// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// What happens next to one copy of a request.

/// The life of a copy as a value.
///
/// It ends in exactly one `MirrorOutcome`.
public struct MirrorState: Sendable {
    public enum Action: Equatable, Sendable {
        case none
        /// The request is complete; from here the mirror has the route's timeout to answer.
        case startTimeout
        /// The copy is over and its connection may carry another.
        case release(MirrorOutcome)
        /// The copy is over and its connection with it.
        case close(MirrorOutcome)
    }

    private enum Phase: Sendable {
        case sending(status: Int?)
        case waiting(status: Int?)
        case ended
    }

    private var phase = Phase.sending(status: nil)

    public init() {}

    public var hasEnded: Bool {
        if case .ended = phase { return true }
        return false
    }

    public var isSending: Bool {
        if case .sending = phase { return true }
        return false
    }

    public mutating func requestEnded() -> Action {
        guard case .sending(let status) = phase else { return .none }
        phase = .waiting(status: status)
        return .startTimeout
    }

    public mutating func answerBegan(status: Int) {
        switch phase {
        case .sending: phase = .sending(status: status)
        case .waiting: phase = .waiting(status: status)
        case .ended: break
        }
    }

    /// - Parameter reusable: The connection may carry another request, as far as HTTP is concerned.
    public mutating func answerEnded(reusable: Bool) -> Action {
        switch phase {
        case .sending(let status):
            // It answered without waiting for the body; the rest is not sent and the connection is spent.
            return end(.close(Self.outcome(status)))
        case .waiting(let status):
            return end(reusable ? .release(Self.outcome(status)) : .close(Self.outcome(status)))
        case .ended:
            return .none
        }
    }

    public mutating func failed(_ failure: UpstreamFailure) -> Action {
        end(.close(MirrorOutcome(failure)))
    }

    /// The copy holds more bytes than it may.
    public mutating func fellBehind() -> Action {
        end(.close(.cutSlow))
    }

    /// The exchange ended before its request was complete.
    ///
    /// A copy that has the whole request runs on.
    public mutating func exchangeEnded(clientLeft: Bool) -> Action {
        guard isSending else { return .none }
        return end(.close(clientLeft ? .cutClientLeft : .cutPrimaryEnded))
    }

    public mutating func timedOut() -> Action {
        end(.close(.timeout))
    }

    /// The request's body is larger than what the mirror is to get.
    public mutating func requestTooLarge() -> Action {
        end(.close(.cutBodyTooLarge))
    }

    /// More of the answer came than is read of it.
    public mutating func answerTooLarge() -> Action {
        end(.close(.cutAnswerTooLarge))
    }

    /// Its time is over, of which its answer has waited for the loop to have time for it.
    public mutating func heldBackTooLong() -> Action {
        end(.close(.cutHeldBack))
    }

    /// The proxy ends.
    public mutating func stopped() -> Action {
        end(.close(.draining))
    }

    private mutating func end(_ action: Action) -> Action {
        guard !hasEnded else { return .none }
        phase = .ended
        return action
    }

    private static func outcome(_ status: Int?) -> MirrorOutcome {
        status.map { MirrorOutcome(status: $0) } ?? .protocolError
    }
}
